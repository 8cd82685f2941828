"""The pages people read agree with the program: commands, settings, links, columns of the sample."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadscore.cli import parser
from leadscore.config import Settings
from leadscore.sample.campaign import HEADERS
from leadscore.schema import FIELDS, normalise_header

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md",
         "data/DATA_DICTIONARY.md", "models/README.md")


def commands(parser: argparse.ArgumentParser, words: tuple[str, ...] = ("leadscore",)) -> Iterator[str]:
    """List every command a person can type, without its arguments."""
    families = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not families:
        yield " ".join(words)
    for family in families:
        for name, child in family.choices.items():
            yield from commands(child, (*words, name))


def documented_commands(text: str) -> set[str]:
    """Read the commands of the table: the lower-case words each row begins with."""
    rows = re.findall(r"^\| `(leadscore(?: [a-z]+)+)", text, flags=re.MULTILINE)
    return set(rows)


def documented_settings(text: str) -> set[str]:
    return set(re.findall(r"^\| `(LEADSCORE_[A-Z_]+)` \|", text, flags=re.MULTILINE))


def dictionary_rows() -> list[list[str]]:
    text = (PROJECT / "data" / "DATA_DICTIONARY.md").read_text(encoding="utf-8")
    lines = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line] for line in lines if line[0].strip() != "header"]


def test_the_readme_has_every_command_and_no_other() -> None:
    assert documented_commands(README) == set(commands(parser()))


def test_the_readme_has_every_setting_and_no_other() -> None:
    assert documented_settings(README) == {f"LEADSCORE_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("name", [name for name, field in Settings.model_fields.items()
                                  if isinstance(field.default, int)])
def test_the_readme_gives_the_default_of_a_setting(name: str) -> None:
    default = Settings.model_fields[name].default
    shown = "false" if default is False else f"{default:,}"
    assert f"| `LEADSCORE_{name.upper()}` | {shown} |" in README


@pytest.mark.parametrize("page", PAGES)
def test_links_to_our_own_files_lead_somewhere(page: str) -> None:
    path = PROJECT / page
    links = re.findall(r"(?<!!)\[[^\]]+\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("target", ["run", "test", "check", "bench", "lock", "clean"])
def test_the_makefile_has_the_targets_the_readme_names(target: str) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
    assert f"make {target}" in README


def test_the_dictionary_describes_each_column_of_the_sample_in_order() -> None:
    assert [row[0] for row in dictionary_rows()] == list(HEADERS)


def test_the_dictionary_names_the_field_a_header_maps_to() -> None:
    labels = {alias: field.label for field in FIELDS for alias in field.aliases}
    expected = {header: labels.get(normalise_header(header), "*custom field*") for header in HEADERS}
    assert {row[0]: row[1] for row in dictionary_rows()} == expected


def test_the_architecture_shows_every_folder_of_the_package() -> None:
    text = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    folders = {path.parent.name for path in (PROJECT / "leadscore").glob("*/__init__.py")}
    assert {folder for folder in folders if f"  {folder}/" not in text} == set()


def test_every_package_is_pinned_once_and_without_an_address() -> None:
    runtime, test = ((PROJECT / name).read_text(encoding="utf-8").splitlines()
                     for name in ("requirements.txt", "requirements-test.txt"))
    assert test[0] == "-r requirements.txt"
    pins = runtime + test[1:]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+( ; .+)?", pin) for pin in pins)
    assert len({pin.split("==")[0] for pin in pins}) == len(pins)


def test_a_command_without_a_row_would_be_noticed() -> None:
    parser = argparse.ArgumentParser()
    parser.add_subparsers().add_parser("models").add_subparsers().add_parser("list")
    assert set(commands(parser)) == {"leadscore models list"}
    assert documented_commands("| `leadscore models list --json` | x |\n| `leadscore import FILE` | y |") == {
        "leadscore models list", "leadscore import"}
