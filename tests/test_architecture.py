"""Holds the table of ARCHITECTURE.md: who may import whom, no circles, no hidden imports, pure rooms stay pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
OWN = ("leadscore", "pages", "app")

GROUND = {"schema", "errors", "config", "access"}
PURE = {"ingest", "features", "scoring", "modeling", "monitoring", "charts", "reports", "sample"}
INPUT_OUTPUT = {"store", "connectors", "sandbox"}
FACES = {"api", "cli", "worker"}
PURE_GROUND = {"schema", "errors", "access"}

# A room may import these rooms besides itself; a service's own room is itself, not its neighbours.
MAY_IMPORT: dict[str, set[str]] = {
    "schema": set(),
    "errors": set(),
    "config": set(),
    "access": {"errors"},
    **{room: {"schema", "errors"} for room in PURE},
    "store": GROUND,
    "connectors": GROUND,
    "sandbox": {"errors", "config"},
    "workbench": GROUND | {"store", "connectors"},
    "steps": GROUND | PURE | INPUT_OUTPUT | {"workbench", "version"},
    "services": GROUND | PURE | INPUT_OUTPUT | {"workbench", "steps", "version"},
    **{face: GROUND | {"services", "workbench", "charts", "version"} for face in FACES},
    "pages": GROUND | {"services", "workbench", "charts", "version"},
    "app": GROUND | {"services", "workbench", "pages", "version"},
    "__main__": {"cli"},
    "version": set(),
}
# A floor where the files are strangers to each other; a page may use what pages share.
STRANGERS = {"services"}
SHARED_BY_PAGES = {"shared", "widgets", "sign_in"}
FRAME = "frame"

IMPURE_MODULES = {
    "streamlit", "fastapi", "starlette", "uvicorn", "sqlmodel", "sqlalchemy", "alembic", "psycopg", "sqlite3",
    "requests", "httpx", "urllib3", "aiohttp", "http", "socket", "subprocess", "multiprocessing", "threading", "os",
    "time", "pathlib", "tempfile", "shutil", "glob", "random", "logging.handlers",
}
IMPURE_CALLS = {"open", "print", "input"}
IMPURE_ATTRIBUTES = {"now", "utcnow", "today", "read_text", "read_bytes", "write_text", "write_bytes"}
NEVER_IN_SERVICES = {"streamlit", "fastapi", "starlette"}


@dataclass(frozen=True)
class Import:
    """One import of one name: where it stands and what it brings."""

    path: str
    line: int
    target: str
    inside_function: bool

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.target}"


@dataclass(frozen=True)
class Source:
    """A file of ours, parsed."""

    path: str
    module: str
    tree: ast.Module


def sources(project: Path = PROJECT) -> list[Source]:
    files = [*project.glob("app.py"), *project.glob("pages/**/*.py"), *project.glob("leadscore/**/*.py")]
    return [parse(path.read_text(encoding="utf-8"), path.relative_to(project)) for path in sorted(files)
            if "migrations" not in path.parts]


def parse(text: str, path: Path) -> Source:
    parts = path.with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Source(str(path), module, ast.parse(text))


def imports_of(source: Source, modules: set[str]) -> Iterator[Import]:
    """List what a file imports; ``from package import module`` counts as the module."""
    for node, inside in walk(source.tree):
        for target in targets(node, source, modules):
            yield Import(source.path, getattr(node, "lineno", 0), target, inside)


def walk(tree: ast.AST, inside: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    for node in ast.iter_child_nodes(tree):
        yield node, inside
        yield from walk(node, inside or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)))


def targets(node: ast.AST, source: Source, modules: set[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    package = node.module or ""
    if node.level:
        above = source.module.split(".")[: len(source.module.split(".")) - node.level]
        package = ".".join([*above, package]).strip(".")
    return [f"{package}.{alias.name}" if f"{package}.{alias.name}" in modules or package == "leadscore" else package
            for alias in node.names]


def is_ours(target: str) -> bool:
    return target.split(".")[0] in OWN


def room_of(module: str) -> str:
    """Name the room a module stands in."""
    parts = module.split(".")
    if parts[0] != "leadscore":
        return parts[0]
    return "version" if len(parts) == 1 or parts[1] == "__version__" else parts[1]


def broken_floors(files: list[Source]) -> list[str]:
    modules = {file.module for file in files}
    return [f"{found}: {room_of(file.module)} may not use {room_of(found.target)}"
            for file in files for found in imports_of(file, modules)
            if is_ours(found.target) and not allowed(file.module, found.target)]


def allowed(module: str, target: str) -> bool:
    here, there = room_of(module), room_of(target)
    if here != there:
        return there in MAY_IMPORT.get(here, set())
    if here in STRANGERS:
        return module == target or "." not in target.partition(f"{here}.")[2] and target == f"leadscore.{here}"
    if here == "pages":
        return page_allowed(module.split(".")[1:], target.split(".")[1:])
    return True


def page_allowed(here: list[str], there: list[str]) -> bool:
    """Let a page use what pages share and its own folder; the frame uses every page."""
    return (not there or not here or here[0] == FRAME or there[0] in SHARED_BY_PAGES or there[0] == here[0])


def circles(files: list[Source]) -> list[str]:
    """List circles of imports, one line each."""
    modules = {file.module for file in files}
    uses = {file.module: sorted({found.target for found in imports_of(file, modules)} & modules - {file.module})
            for file in files}
    found: list[str] = []
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        if module in trail:
            found.append(" -> ".join([*trail[trail.index(module):], module]))
        elif module not in done:
            for used in uses[module]:
                visit(used, (*trail, module))
            done.add(module)

    for module in uses:
        visit(module, ())
    return found


def hidden_imports(files: list[Source]) -> list[str]:
    modules = {file.module for file in files}
    return [f"{found} inside a function" for file in files for found in imports_of(file, modules)
            if found.inside_function and is_ours(found.target)]


def impurities(files: list[Source]) -> list[str]:
    modules = {file.module for file in files}
    pure = [file for file in files if room_of(file.module) in PURE | PURE_GROUND]
    imports = [str(found) for file in pure for found in imports_of(file, modules)
               if found.target in IMPURE_MODULES or found.target.split(".")[0] in IMPURE_MODULES]
    return imports + [line for file in pure for line in impure_calls(file)]


def impure_calls(file: Source) -> Iterator[str]:
    for node in ast.walk(file.tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            yield f"{file.path}:{node.lineno} calls {node.func.id}()"
        if isinstance(node.func, ast.Attribute) and node.func.attr in IMPURE_ATTRIBUTES:
            yield f"{file.path}:{node.lineno} calls .{node.func.attr}()"


def faces_in_services(files: list[Source]) -> list[str]:
    modules = {file.module for file in files}
    return [str(found) for file in files if room_of(file.module) in {"services", "steps", "workbench", "store"}
            for found in imports_of(file, modules) if found.target.split(".")[0] in NEVER_IN_SERVICES]


@pytest.fixture(scope="module")
def files() -> list[Source]:
    return sources()


def test_every_room_stands_on_a_floor(files: list[Source]) -> None:
    assert {room_of(file.module) for file in files} <= MAY_IMPORT.keys()


def test_imports_only_go_down(files: list[Source]) -> None:
    assert broken_floors(files) == []


def test_no_imports_run_in_a_circle(files: list[Source]) -> None:
    assert circles(files) == []


def test_no_import_of_ours_hides_in_a_function(files: list[Source]) -> None:
    assert hidden_imports(files) == []


def test_pure_rooms_have_no_clock_no_files_and_no_network(files: list[Source]) -> None:
    assert impurities(files) == []


def test_services_know_no_face(files: list[Source]) -> None:
    assert faces_in_services(files) == []


# The rules above see what they should: each one is shown a small house that breaks it.


def house(**modules: str) -> list[Source]:
    return [parse(text, Path(*name.split("__")).with_suffix(".py")) for name, text in modules.items()]


@pytest.mark.parametrize(("module", "line"), [
    ("leadscore__scoring__tiers", "from leadscore.features.build import Features"),
    ("leadscore__ingest__cleaning", "from leadscore.store import leads"),
    ("leadscore__ingest__cleaning", "from leadscore.config import Settings"),
    ("leadscore__ingest__cleaning", "from ..store import leads"),
    ("leadscore__store__leads", "import leadscore.scoring.policy"),
    ("leadscore__workbench", "from leadscore.services import intake"),
    ("leadscore__services__intake", "from leadscore.services import scoring"),
    ("leadscore__services__intake", "from leadscore.services.scoring import rescore"),
    ("leadscore__steps__judge", "from leadscore.services import scoring"),
    ("leadscore__cli", "from leadscore.store import leads"),
    ("leadscore__cli", "from leadscore import worker"),
    ("pages__leads", "from leadscore.steps import listing"),
    ("pages__leads", "from pages.upload import render"),
    ("pages__widgets__filters", "from pages import leads"),
    ("leadscore__schema", "from leadscore.errors import NotFound"),
    ("leadscore__sandbox", "from leadscore.ingest import readers"),
])
def test_a_wrong_import_is_named_with_its_line(module: str, line: str) -> None:
    others = {"leadscore__services__scoring": "", "leadscore__store__leads": "", "leadscore__worker": "",
              "pages__leads": "", "leadscore__ingest__readers": ""}
    broken = broken_floors(house(**{**others, module: f'"""Doc."""\n\n{line}\n'}))
    assert len(broken) == 1
    assert ".py:3 imports " in broken[0]


@pytest.mark.parametrize(("module", "line"), [
    ("leadscore__services__intake", "from leadscore.steps.reading import read_file"),
    ("leadscore__steps__judge", "from leadscore.steps import policies"),
    ("pages__frame", "from pages import leads"),
    ("pages__leads", "from pages.widgets.filters import show"),
    ("pages__settings__models", "from pages.settings import features"),
    ("leadscore__cli", "from leadscore import __version__"),
    ("leadscore__ingest__cleaning", "from leadscore.ingest.kinds import Cleaner"),
    ("leadscore__scoring__tiers", "from collections.abc import Sequence"),
])
def test_a_right_import_passes(module: str, line: str) -> None:
    assert broken_floors(house(**{module: line})) == []


def test_a_circle_is_found_whole() -> None:
    found = circles(house(leadscore__ingest__a="from leadscore.ingest import b",
                          leadscore__ingest__b="from leadscore.ingest.c import x",
                          leadscore__ingest__c="import leadscore.ingest.a"))
    assert found == ["leadscore.ingest.a -> leadscore.ingest.b -> leadscore.ingest.c -> leadscore.ingest.a"]


def test_a_hidden_import_is_found() -> None:
    assert hidden_imports(house(leadscore__cli="def f():\n    from leadscore.services import intake\n"))
    assert not hidden_imports(house(leadscore__cli="def f():\n    import json\n"))


@pytest.mark.parametrize("line", ["import time", "from pathlib import Path", "import sqlalchemy.orm", "open('x')",
                                  "datetime.now(UTC)", "import os.path", "print('x')", "path.read_bytes()"])
def test_an_impurity_is_found(line: str) -> None:
    assert len(impurities(house(leadscore__modeling__training=line))) == 1
    assert not impurities(house(leadscore__store__registry=line))


def test_a_face_in_a_service_is_found() -> None:
    assert faces_in_services(house(leadscore__services__intake="import streamlit as st"))
