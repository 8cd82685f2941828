"""Every service that changes the store writes into the audit trail, in the same transaction room as the change."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("services", "steps")
Place = tuple[str, str]

FIRST_POLICY = "reads; the default policy of a new client becomes its first version"
WORK = "how far work is; that it was asked for and what it changed is recorded"
LIFE = "signs of life and timings of the program itself"
SESSION = "keeps the session of a sign-in that was recorded"
SILENT = {
    **dict.fromkeys((
        "compare_models", "feature_changes", "list_features", "current_policy", "preview_policy",
        "read_policy_file", "backtest_policy", "compare_policies", "show_policy", "describe_changes",
        "scorecard_evidence", "scorecard_fields", "start_from", "take_suggestions"), FIRST_POLICY),
    **dict.fromkeys(("claim", "finish", "progress", "recent", "view"), WORK),
    **dict.fromkeys(("end_life", "health_of", "keep_timings", "show_life"), LIFE),
    **dict.fromkeys(("redeem_ticket", "session_from_token"), SESSION),
    "finish_erasures": "finishes on disk what was recorded when the person was erased",
}
"""Services that write and record nothing, and why that is right."""


@cache
def tree(module: str) -> ast.Module | None:
    """Parse a module of ours, ``leadscore.steps.people``."""
    path = ROOT / Path(*module.split(".")).with_suffix(".py")
    return ast.parse(path.read_text()) if path.exists() else None


@cache
def functions(module: str) -> dict[str, ast.AST]:
    """Give the functions and classes of a module by name; a class stands for all its methods."""
    parsed = tree(module)
    return {node.name: node for node in parsed.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))} \
        if parsed else {}


@cache
def imported(module: str) -> dict[str, tuple[str, str | None]]:
    """Map names to where they come from: a function of another module, or a module."""
    found: dict[str, tuple[str, str | None]] = {}
    parsed = tree(module)
    for node in ast.walk(parsed) if parsed else ():
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("leadscore"):
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                found[name.asname or name.name] = (whole, None) if tree(whole) else (node.module, name.name)
    return found


@cache
def calls(place: Place) -> frozenset[Place]:
    """Name what a function uses, as module and name."""
    module, name = place
    node, known, own = functions(module).get(name), imported(module), functions(module)
    found: set[Place] = set()
    for part in ast.walk(node) if node is not None else ():
        if isinstance(part, ast.Name):
            if part.id in own:
                found.add((module, part.id))
            elif part.id in known and known[part.id][1]:
                found.add((known[part.id][0], str(known[part.id][1])))
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in known \
                and known[part.value.id][1] is None:
            found.add((known[part.value.id][0], part.attr))
    return frozenset(found)


def reached(place: Place) -> set[Place]:
    """Follow what a function uses through services and steps."""
    seen, waiting = {place}, [place]
    while waiting:
        for called in calls(waiting.pop()):
            if called not in seen:
                seen.add(called)
                if called[0].split(".")[1:2] in ([room] for room in ROOMS):
                    waiting.append(called)
    return seen


WRITE, APPEND = ("leadscore.store.database", "write"), ("leadscore.store.audit", "append")


def public() -> list[Place]:
    modules = [f"leadscore.services.{path.stem}" for path in (ROOT / "leadscore" / "services").glob("*.py")]
    return sorted((module, name) for module in modules for name, node in functions(module).items()
                  if isinstance(node, ast.FunctionDef) and not name.startswith("_"))


CHANGING = [place for place in public() if WRITE in reached(place)]


def test_the_search_finds_services_that_change_something() -> None:
    names = {name for _, name in CHANGING}
    assert {"import_file", "rescore", "save_policy", "sign_in", "export_leads", "add_user", "train_stored"} <= names
    assert "list_batches" not in names
    assert len(CHANGING) > 60


@pytest.mark.parametrize("place", CHANGING, ids=lambda place: f"{place[0].rpartition('.')[2]}.{place[1]}")
def test_whoever_changes_the_store_records_it(place: Place) -> None:
    recorded = APPEND in reached(place)
    assert recorded != (place[1] in SILENT), "it records itself" if recorded else "it changes the store in silence"


def test_every_exception_is_still_there() -> None:
    assert set(SILENT) <= {name for _, name in CHANGING}
