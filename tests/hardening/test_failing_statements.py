"""Whichever statement of a deed fails, the store is as before or as after it, the log agrees, and people get words."""

from __future__ import annotations

from itertools import count

import pytest
from sqlalchemy import text

from leadscore.services import dossier
from leadscore.store.database import write
from leadscore.workbench import Workbench
from tests.hardening.harness import BOSS, CLIENT, Failing, faults_of
from tests.hardening.use_cases import UseCase, fail_each_statement, use_cases

pytestmark = pytest.mark.usefixtures("read_here")

FIRST = ("import", "undo an import", "score everything again", "register a model", "promote", "roll back",
         "record an outcome", "save a policy")
"""The deeds tried here, at a few places each; the benchmark tries every place of every deed."""
NEEDED = ("import again, with changes",)
FEW = 1


def test_a_deed_that_fails_anywhere_is_done_whole_or_not_at_all(busy: Workbench) -> None:
    failing = Failing(busy.engine)
    faults, tried = [], 0
    for case in use_cases(busy):
        if case.name in FIRST:
            tally = fail_each_statement(busy, failing, case, most=FEW)
            faults += tally.faults
            tried += tally.tried
        elif case.name in NEEDED:
            case.do()
    assert faults == []
    assert tried >= 3 * len(FIRST)
    assert faults_of(busy) == []


def test_a_deed_in_two_transactions_is_found(busy: Workbench) -> None:
    def do() -> None:
        dossier.assign_owner(busy, BOSS, client=CLIENT, lead_ids=[7], owner=str(next(numbers)))
        with write(busy.engine) as session:
            session.execute(text("UPDATE clients SET name = name || '+' WHERE id = 1"))

    numbers = count()
    tally = fail_each_statement(busy, Failing(busy.engine), UseCase("two halves", do))
    assert any("only ['audit_events', 'leads'" in fault for fault in tally.faults)
