"""Every action the source writes into the audit trail has words, and no words are left over."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadscore.steps.record_words import FAMILY_LABELS, RECORD_WORDS, Family, actions_of, words_of

ROOT = Path(__file__).parents[2]
SOURCES = [*(ROOT / "leadscore").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), ROOT / "app.py"]


def actions_in(source: str) -> set[str]:
    """Find what is given as ``action=``: in calls, in defaults of functions and in either branch of a choice."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        for value in _given(node):
            found |= {part.value for part in ast.walk(value) if isinstance(part, ast.Constant)
                      and isinstance(part.value, str)}
    return found


def _given(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") != "add_argument":
        yield from (_results(keyword.value) for keyword in node.keywords if keyword.arg == "action")
    if isinstance(node, ast.FunctionDef):
        named = [*zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
        positional = node.args.args[len(node.args.args) - len(node.args.defaults):]
        named += [*zip(positional, node.args.defaults, strict=True)]
        yield from (default for argument, default in named if argument.arg == "action" and default is not None)


def _results(value: ast.expr) -> ast.expr:
    # of "a" if test else "b" the strings of the test are no actions
    return ast.Tuple([value.body, value.orelse]) if isinstance(value, ast.IfExp) else value


WRITTEN = set().union(*(actions_in(path.read_text()) for path in SOURCES))


def test_the_search_finds_calls_choices_and_defaults() -> None:
    source = ('append(s, action="a", object="x")\ntell(action="b" if word == "z" else "c")\n'
              'def f(s, *, action="d"): ...\nparser.add_argument("--x", action="store_true")\nlisted(action=action)')
    assert actions_in(source) == {"a", "b", "c", "d"}


def test_every_action_of_the_source_has_words() -> None:
    assert sorted(WRITTEN - set(RECORD_WORDS)) == []


def test_no_words_are_left_over() -> None:
    assert sorted(set(RECORD_WORDS) - WRITTEN) == []


def test_every_label_is_used_once_so_that_filters_can_be_told_apart() -> None:
    labels = [words.label for words in RECORD_WORDS.values()]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("action", RECORD_WORDS)
def test_words_fit_where_they_are_shown(action: str) -> None:
    words = words_of(action)
    assert len(action) <= 40  # the column of the table
    assert 0 < len(words.label) <= 30
    assert words.done
    assert not words.done.endswith(".")


def test_each_family_has_a_label() -> None:
    assert set(FAMILY_LABELS) == set(Family)


def test_an_action_of_an_earlier_version_keeps_its_name() -> None:
    assert words_of("leads_juggled").label == "Leads juggled"


def test_actions_of_a_family_are_its_own() -> None:
    assert "signed_in" in actions_of(Family.ACCOUNT)
    assert "leads_scored" not in actions_of(Family.ACCOUNT)
