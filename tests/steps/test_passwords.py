"""Names and passwords: what is refused, and what is free."""
# ruff: noqa: F811 - pytest hands fixtures over under the names they are imported by

from __future__ import annotations

import pytest

from leadscore.access import Actor, Role
from leadscore.errors import InvalidRequest
from leadscore.services import accounts, sessions
from leadscore.steps import passwords, people
from leadscore.workbench import Workbench
from tests.services.people import (  # noqa: F401
    ELSEWHERE,
    HOME,
    PASSWORD,
    Clock,
    admin,
    clock,
    either_store,
    events,
    open_browser,
    quick,
    refuse,
    workbench,
)


@pytest.mark.parametrize("password", [
    "", "short", "123456789", "x" * 129, "password123", "Password123!", "P@ssw0rd123", "passwordpassword",
    "1234567890", "qwertyuiop", "aaaaaaaaaaaa", "abababababab", "welcome2026!", "Administrator1", "iloveyou2026",
    "letmein12345", "leadscore2026", "annaanna-2026", "1q2w3e4r5t", "summer2026!!", "changeme123", "abc123abc123",
])
def test_passwords_that_others_would_guess_first_are_refused(password: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        passwords.check_password(password, name="anna")
    assert refused.value.hint


@pytest.mark.parametrize("password", [
    PASSWORD, "lowercaseonlyplease", "8264910573", "пароль на каждый день", "  spaces count  ",
    "x7x7x7kestrel-moor", "x" * 64 + "abcde", "🦊🐝🐳🌵🍋🧊🪁🎲🔭🧵", "dragon monkey sunshine purple",
])
def test_what_a_password_is_made_of_is_free(password: str) -> None:
    passwords.check_password(password, name="anna")


@pytest.mark.parametrize("name", ["", "a", "a" * 81, "a\x00b", "a\nb", "local:root", "<b>", "anna;drop", " . "])
def test_names_that_could_be_mistaken_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        people.check_name(name)


def test_names_differ_by_more_than_capitals_and_width(workbench: Workbench, admin: Actor) -> None:
    with pytest.raises(InvalidRequest):
        accounts.add_user(workbench, admin, name="ANNA", password=PASSWORD, role=Role.VIEWER)
    assert sessions.sign_in(workbench, name=" Ａnna", password=PASSWORD, address=HOME).actor == admin


