"""A policy becomes a file people can read and keep, and such a file becomes changes to a policy again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from leadscore.errors import InvalidRequest, LeadScoreError
from leadscore.schema import MADE_PREFIX
from leadscore.scoring.policy import Policy
from leadscore.steps.criteria_files import Known, check_entry, too_large

FORMAT = "leadscore-policy/1"
FORMAT_SCORECARD = "leadscore-scorecard/1"
SCORECARD_SETTINGS = ("criteria", "group_weights", "full_marks", "group_marks")
LARGEST_NUMBER = 1e12
DEEPEST = 12
NUMBERS = ("full_marks", "alpha", "top_share", "medium_share")
NUMBERS_BY_NAME = ("group_weights", "group_marks", "factor_weights", "thresholds")
LISTS = ("criteria", "tier_rules", "made", "switched_off")
OBJECTS = ("offer", "economics", "grid")


def policy_json(policy: Policy, *, scorecard_only: bool = False) -> bytes:
    """Write a policy, or its scorecard alone, as indented JSON."""
    body = policy.to_dict()
    if scorecard_only:
        body = {name: body[name] for name in SCORECARD_SETTINGS}
    head = {"format": FORMAT_SCORECARD if scorecard_only else FORMAT}
    return (json.dumps(head | body, indent=2, ensure_ascii=False, default=str) + "\n").encode()


def read_policy_json(data: bytes, known: Known) -> dict[str, Any]:
    """Read the settings of such a file as changes for a policy.

    Parameters
    ----------
    data : bytes
    known : Known
        The fields a criterion may look at.

    Raises
    ------
    InvalidRequest
        The file is too large, no JSON, of another format, or an entry cannot be used; the message names it.
    """
    too_large(data)
    body = _parsed(data)
    if not isinstance(body, dict) or body.get("format") not in (FORMAT, FORMAT_SCORECARD):
        _refuse("wrong_format", "This is not a file of a scorecard or a policy.",
                f"Its first entry must be \"format\": \"{FORMAT}\", as in an exported one.")
    allowed = SCORECARD_SETTINGS if body["format"] == FORMAT_SCORECARD else tuple(Policy().to_dict())
    settings = {name: value for name, value in body.items() if name != "format"}
    for name in settings:
        if name not in allowed:
            _refuse("unknown_setting", f"'{name[:40]}' is no setting of {_kind(body['format'])}.",
                    f"The settings are {', '.join(allowed)}.")
    if not settings:
        _refuse("empty_policy", "The file holds no settings.", "Export one to see what it looks like.")
    for name, value in settings.items():
        _check_setting(name, value)
    names = [entry.get("name") for entry in settings.get("made", ()) if isinstance(entry, dict)]
    fields = {*known.fields, *(f"{MADE_PREFIX}{name}" for name in names)}
    for place, entry in enumerate(settings.get("criteria", ()), start=1):
        check_entry(entry, f"Criterion {place}", Known(fields))
    return settings


def with_settings(policy: Policy, settings: Mapping[str, Any]) -> Policy:
    """Give a policy with these settings, plain values, in place; checked as a whole.

    Raises
    ------
    InvalidRequest
        The settings contradict themselves or each other.
    """
    try:
        return Policy.from_dict(policy.to_dict() | dict(settings))
    except LeadScoreError:
        raise
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as problem:
        raise InvalidRequest("unreadable_policy", "A value in the file is not of the kind its place asks for.",
                             "Compare it with an exported one.") from problem


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_number, parse_int=_number)
    except UnicodeDecodeError:
        _refuse("not_json", "The file is not text in UTF-8.", "Save it as UTF-8, or export it again.")
    except RecursionError:
        _refuse("not_json", "The file is nested too deeply.", "Export one to see what it looks like.")
    except json.JSONDecodeError as problem:
        _refuse("not_json", f"Line {problem.lineno}, column {problem.colno} of the file is not JSON.",
                "Look for a comma or a quotation mark too few or too many there.")


def _no_constant(text: str) -> NoReturn:
    _refuse("not_a_number", f"'{text}' stands where a number should be.", "Give a number, or leave the entry out.")


def _number(text: str) -> float | int:
    value = float(text)
    if not abs(value) <= LARGEST_NUMBER:
        _refuse("number_too_large", f"The number {text[:20]} is larger than {LARGEST_NUMBER:,.0f}.",
                "Give a smaller one.")
    return int(text) if text.lstrip("-").isdigit() else value


def _check_setting(name: str, value: Any) -> None:
    """Refuse a setting whose kind is not the one its name asks for."""
    if name in NUMBERS and not is_plain_number(value):
        _refuse("wrong_value", f"'{name}' is not a number.", "Give a number such as 0.5.")
    if name in NUMBERS_BY_NAME and not (isinstance(value, dict) and all(map(is_plain_number, value.values()))):
        _refuse("wrong_value", f"'{name}' is not a list of names with a number each.",
                "Write for instance {\"demographic\": 25}.")
    if name in LISTS and not isinstance(value, list):
        _refuse("wrong_value", f"'{name}' is not a list.", "Write it in square brackets.")
    if name in OBJECTS and not (isinstance(value, dict) or (name == "offer" and value is None)):
        _refuse("wrong_value", f"'{name}' is not a group of settings.", "Write it in curly brackets.")
    if name == "alpha_is_suggested" and not isinstance(value, bool):
        _refuse("wrong_value", "'alpha_is_suggested' is neither true nor false.", "Write true or false.")
    if name == "tier_mode" and not isinstance(value, str):
        _refuse("wrong_value", "'tier_mode' is not a word.", "Write rank, capacity or threshold.")
    if name == "capacity" and not (value is None or (is_plain_number(value) and float(value).is_integer())):
        _refuse("wrong_value", "'capacity' is not a whole number.", "Give a whole number, or null.")


def is_plain_number(value: Any) -> bool:
    """Say whether a value is a number and neither true nor false."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(name: str) -> str:
    return "a scorecard" if name == FORMAT_SCORECARD else "a policy"


def _refuse(code: str, message: str, hint: str) -> NoReturn:
    raise InvalidRequest(code, message, hint)
