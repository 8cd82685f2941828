"""Faults get a number; what is in the clear says where and never what, and the log cannot be forged."""
# ruff: noqa: F811 - pytest hands fixtures over under the names they are imported by

from __future__ import annotations

import io
import logging

import pytest
from sqlmodel import select

from leadscore.access import Actor, Role
from leadscore.errors import Forbidden, NotFound
from leadscore.services import accounts, alerts
from leadscore.services import faults as service
from leadscore.steps import faults
from leadscore.store import audit
from leadscore.store.database import read
from leadscore.store.tables import Alert, AuditEvent, ErrorRecord
from leadscore.workbench import Workbench
from tests.services.people import Clock, admin, clock, workbench  # noqa: F401

WORDS = "mia.muster@example.org called +49 351 5512345, password=hunter2 Bearer abcdefgh12345678"


def broken() -> ValueError:
    try:
        raise ValueError(WORDS)
    except ValueError as fault:
        return fault


@pytest.fixture
def log() -> io.StringIO:
    """Give what a logger of ours would write."""
    text, handler = io.StringIO(), logging.StreamHandler()
    handler.setStream(text)
    handler.setFormatter(faults.CalmFormatter())
    logger = logging.getLogger("leadscore")
    logger.addHandler(handler)
    yield text  # type: ignore[misc]
    logger.removeHandler(handler)


def test_a_fault_is_kept_encrypted_under_the_number_people_are_told(workbench: Workbench, admin: Actor,
                                                                   log: io.StringIO) -> None:
    number = faults.note_fault(workbench, broken(), place="page leads", user="anna", client="default")
    with read(workbench.engine) as session:
        (row,) = session.exec(select(ErrorRecord))
        (event,) = [one for one in session.exec(select(AuditEvent)) if one.action == "fault"]
        clear = str(row.model_dump()) + str(event.model_dump())
    assert row.id == number and event.object == f"error:{number}"
    assert (row.kind, row.place, row.user_name) == ("ValueError", "page leads", "anna")
    for word in ("mia.muster", "5512345", "hunter2", "called"):
        assert word not in clear + log.getvalue()
    assert number in log.getvalue() and "ValueError in page leads, at tests/steps/test_faults.py:" in log.getvalue()
    assert WORDS in service.fault_trace(workbench, admin, number=number)


def test_what_a_browser_calls_its_page_is_cut_and_masked_wherever_it_is_told(workbench: Workbench) -> None:
    faults.note_fault(workbench, broken(), place=f"page {WORDS.split()[0]}{'x' * 5_000}")
    with read(workbench.engine) as session:
        told = [one.detail for one in session.exec(select(AuditEvent))] + [
            session.exec(select(ErrorRecord)).one().place, session.exec(select(Alert)).one().text]
    assert not any("mia.muster" in words or len(words) > 400 for words in told)


def test_a_fault_raises_one_alert_however_often_it_happens(workbench: Workbench, admin: Actor) -> None:
    numbers = [faults.note_fault(workbench, broken(), place="job train") for _ in range(3)]
    (alert,) = alerts.open_alerts(workbench, admin, client="default")
    assert alert.times == 3 and numbers[-1] in alert.text and alert.everywhere


def test_a_fault_without_a_store_is_still_numbered_and_logged(log: io.StringIO, workbench: Workbench) -> None:
    number = faults.note_fault(None, broken(), place="command health")
    workbench.engine.dispose()
    (workbench.settings.data_folder / "leadscore.db").write_bytes(b"broken" * 1_000)
    again = faults.note_fault(workbench, broken(), place="command health")
    assert number in log.getvalue() and again in log.getvalue()


def test_errors_are_found_by_number_and_only_administrators_see_more(workbench: Workbench, admin: Actor) -> None:
    accounts.add_user(workbench, admin, name="bob", password="correct horse battery", role=Role.ANALYST,
                      clients=["acme"])
    own = faults.note_fault(workbench, broken(), place="page leads", client="acme")
    other = faults.note_fault(workbench, broken(), place="page leads", client="default")
    bob = Actor("bob", Role.ANALYST, 2, frozenset({"acme"}))
    assert {one.id for one in service.list_faults(workbench, admin, client="acme")} == {own, other}
    assert [one.id for one in service.list_faults(workbench, bob, client="acme")] == [own]
    assert service.list_faults(workbench, bob, client="acme", number=other) == []
    assert [one.id for one in service.list_faults(workbench, admin, client="acme", number=f" {other[:6].upper()} ")] \
        == [other]
    assert service.list_faults(workbench, admin, client="acme", number="%") == []
    with pytest.raises(Forbidden):
        service.fault_trace(workbench, bob, number=own)
    with pytest.raises(NotFound):
        service.fault_trace(workbench, admin, number="nothing")
    assert service.faults_by_day(workbench, admin, days=3)["faults"].tolist() == [0, 0, 2]


@pytest.mark.parametrize("words", [
    "line\nERROR root: forged", "\x1b[31mred\x1b[0m", "a\r\nb", "tab\tand\x00nul", "sep\u2028para\u2029",
    '{"level":"ERROR"}\n{"forged":1}', "\x9b31m"])
def test_nothing_that_is_logged_makes_a_second_line(log: io.StringIO, words: str) -> None:
    logging.getLogger("leadscore.test").error("said: %s", words)
    assert log.getvalue().count("\n") == 1
    assert not faults.CONTROL.search(log.getvalue()[:-1])


@pytest.mark.parametrize("words", [
    "password=hunter2xyz", "Passphrase: hunter2xyz", "api_key=hunter2xyz", "API-KEY: hunter2xyz", "token=hunter2xyz",
    "secret: hunter2xyz", "Authorization: Bearer hunter2xyzhunter2", "cookie=hunter2xyz", "see bearer hunter2xyzabc",
    "wrote to hunter2xyz@example.org today", "<hunter2xyz@example.org>"])
def test_what_looks_like_a_secret_or_an_address_is_masked_in_the_log(log: io.StringIO, words: str) -> None:
    logging.getLogger("leadscore.test").error(words)
    try:
        raise ValueError(words)
    except ValueError:
        logging.getLogger("leadscore.test").exception("it failed")
    assert "hunter2" not in log.getvalue()
    assert log.getvalue().count("\n") == 2


def test_what_libraries_log_of_a_fault_is_masked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    text, logger = io.StringIO(), logging.getLogger("streamlit.like")
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    monkeypatch.setattr(logger, "handlers", [handler])
    before = logging.getLogRecordFactory()
    service.keep_log_calm(logging.INFO)
    try:
        logger.error("Uncaught app execution", exc_info=broken())
        logger.warning("%s wrote", "mia@example.org")
    finally:
        logging.setLogRecordFactory(before)
    said = text.getvalue()
    assert "mia" not in said and "hunter2" not in said and "Traceback" not in said
    assert "Uncaught app execution (ValueError at tests/steps/test_faults.py:" in said and said.count("\n") == 2


def test_the_log_of_the_audit_stays_whole_with_faults_in_it(workbench: Workbench) -> None:
    faults.note_fault(workbench, broken(), place="x" * 300, user="anna")
    with read(workbench.engine) as session:
        assert audit.verify(session, workbench.vault).ok
