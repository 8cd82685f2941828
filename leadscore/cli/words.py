"""What every command shares: words in, words out, and who is at work."""

from __future__ import annotations

import argparse
import getpass
import math
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from leadscore.errors import InvalidRequest, LeadScoreError
from leadscore.services import (
    accounts,
)
from leadscore.workbench import DEFAULT_CLIENT, Workbench

EXIT_DONE, EXIT_FAULT, EXIT_USAGE, EXIT_REFUSED = 0, 1, 2, 3

Answer = dict[str, Any]
Command = Callable[[Workbench, argparse.Namespace], Answer] | Callable[[argparse.Namespace], Answer]
"""One that is said to be ``closed`` does without an open workbench."""


# --- words in -----------------------------------------------------------------------------------------------


def add(commands: Any, name: str, command: Command, text: str, *, file: bool = False) -> argparse.ArgumentParser:
    """Add a command with the options every command has; ``file`` asks for a file."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=command, spoken=parser.prog.removeprefix("leadscore "))
    parser.add_argument("--json", action="store_true", help="print exactly one JSON object")
    parser.add_argument("--verbose", action="store_true", help="log what happens to stderr")
    if name not in {"add"}:
        parser.add_argument("--client", default=DEFAULT_CLIENT, metavar="C", help="account whose leads these are")
    if file:
        parser.add_argument("file", type=Path, metavar="FILE")
    return parser


def family(commands: Any, name: str, text: str) -> Any:
    """Add a word that commands stand under."""
    return commands.add_parser(name, help=text, description=text).add_subparsers(metavar="COMMAND", required=True)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that reads a table."""
    parser.add_argument("--sheet", help="sheet of a workbook")
    parser.add_argument("--map", action="append", default=[], metavar="Header=field",
                        help="map a header to a field by hand; 'Header=' leaves it a custom field")


def between(low: int, high: int) -> Callable[[str], int]:
    """Give the reader of a whole number in [low, high]."""
    def whole_number(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{number} is not between {low} and {high}")
        return number

    whole_number.__name__ = "whole number"
    return whole_number


def moment(text: str) -> datetime:
    """Read a day or a moment in UTC, as 2026-01-31 or 2026-01-31T09:30."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a day such as 2026-01-31") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def share_of(text: str) -> float:
    """Read 20% or 0.2."""
    number = text.strip()
    try:
        share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        share = math.nan
    if not math.isfinite(share):
        raise argparse.ArgumentTypeError(f"{text} is not a share such as 20% or 0.2")
    return share


def three_labels(text: str) -> tuple[str, ...]:
    """Read three labels, the best first, as ``Hot,Warm,Cold``."""
    labels = tuple(label.strip() for label in text.split(",") if label.strip())
    if len(labels) != 3:
        raise argparse.ArgumentTypeError(f"'{text}' does not name three labels")
    return labels


def operator() -> Any:
    """Give the actor of the command line."""
    return accounts.local_operator()


def new_password() -> str:
    """Ask for a new password, or read it from standard input."""
    if sys.stdin.isatty():
        first, second = getpass.getpass("Password: "), getpass.getpass("Again: ")
    else:
        first = sys.stdin.readline().rstrip("\r\n")
        second = sys.stdin.readline().rstrip("\r\n") or first
    if first != second:
        raise InvalidRequest("passwords_differ", "The two passwords are not the same.", "Type the same one twice.")
    return first


def write_file(path: Path, content: bytes) -> None:
    """Write bytes to a file only its owner may read."""
    try:
        path.write_bytes(content)
    except OSError as problem:
        raise InvalidRequest("cannot_write", f"'{path}' cannot be written ({problem.strerror}).",
                             "Name a file in a folder that exists and that you may write to.") from problem


def write_pieces(path: Path, pieces: Iterator[bytes]) -> int:
    """Write a file piece by piece, which appears when it is whole; gives its size."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            size = sum(file.write(piece) for piece in pieces)
        draft.replace(path)
    except OSError as problem:
        raise InvalidRequest("cannot_write", f"'{path}' cannot be written ({problem.strerror}).",
                             "Name a file in a folder that exists and that you may write to.") from problem
    finally:
        draft.unlink(missing_ok=True)
    return size


# --- words out ----------------------------------------------------------------------------------------------


def progress(fraction: float, message: str) -> None:
    """Tell how far the work is, where a log would be."""
    print(f"{fraction:4.0%}  {message}", file=sys.stderr)


def say(answer: Answer, *, as_json: bool) -> None:
    """Print an answer, as one JSON object or as lines for people."""
    if as_json:
        sys.stdout.write(orjson.dumps(answer, default=str, option=orjson.OPT_SERIALIZE_NUMPY).decode() + "\n")
        return
    for line in _lines(answer):
        print(line)


def refuse(refusal: LeadScoreError, *, as_json: bool) -> int:
    """Print a refusal and give the exit code that says so."""
    if as_json:
        sys.stdout.write(orjson.dumps({"error": refusal.as_dict()}).decode() + "\n")
    else:
        print(f"Refused ({refusal.code}): {refusal}", file=sys.stderr)
    return EXIT_REFUSED


def _lines(value: Any, indent: str = "") -> list[str]:
    if isinstance(value, dict):
        return [line for key, item in value.items() for line in _entry(str(key), item, indent)]
    return [f"{indent}- {_inline(item)}" for item in value]


def _entry(key: str, value: Any, indent: str) -> list[str]:
    if isinstance(value, (dict, list, tuple)) and value and not _is_interval(value):
        return [f"{indent}{key}:", *_lines(value, indent + "  ")]
    return [f"{indent}{key}: {_inline(value)}"]


def _is_interval(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"value", "low", "high"}


def _inline(value: Any) -> str:
    if _is_interval(value):
        return f"{_inline(value['value'])}  ({_inline(value['low'])} to {_inline(value['high'])})"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_inline(item)}" for key, item in value.items())
    if value is None or value in ([], {}):
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
