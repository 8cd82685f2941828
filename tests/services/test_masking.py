"""A viewer reads no personal value anywhere, and no log holds one."""

import inspect
import logging
from dataclasses import fields, is_dataclass
from typing import Any

import pandas as pd
import pytest

from leadscore import sandbox
from leadscore.access import PERMISSIONS, Action, Role
from leadscore.errors import LeadScoreError
from leadscore.services import consents, delivery, intake, jobs, requests, scoring, similar
from tests.services.conftest import CLIENT, HEADER, person, row, run_here
from tests.services.test_access import ARGUMENTS, CLIENT_FUNCTIONS, NEEDS

pytestmark = pytest.mark.usefixtures("read_here")
BOSS, VIEWER = person(Role.ADMIN), person(Role.VIEWER, CLIENT)
EMAIL, PHONE, FIRST, LAST = "hedwig.quastenflosser@secret.example", "+49 351 9988776", "Hedwig", "Quastenflosser"
PLANTED = ("hedwig", "quastenflosser", "9988776")
READING = sorted(name for name, needed in NEEDS.items() if needed in PERMISSIONS[Role.VIEWER])


@pytest.fixture(scope="module")
def peopled(trained_once):
    """Plant one person in leads, remarks, segments, requests and comparisons."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        rows = row(7001, email=EMAIL, phone=PHONE, first=FIRST, last=LAST) + row(7002, email=f"{EMAIL} or so")
        intake.import_file(trained_once, BOSS, client=CLIENT, source=(HEADER + rows).encode(), filename="a.csv")
    scoring.rescore(trained_once, BOSS, client=CLIENT)
    similar.prepare_similar(trained_once, BOSS, client=CLIENT)
    page = delivery.list_leads(trained_once, BOSS, client=CLIENT, view=delivery.ListView(search=EMAIL))
    lead_id = int(page.frame["lead_id"].iloc[0])
    requests.open_request(trained_once, BOSS, client=CLIENT, kind="contest", lead_id=lead_id, note=f"from {EMAIL}")
    consents.record_consent(trained_once, BOSS, client=CLIENT, lead_id=lead_id, purpose="sale", given=True,
                            source="letter")
    return trained_once, lead_id


def told(value: Any, depth: int = 0) -> str:
    """Write everything somebody could read in an answer, frames and fields included."""
    if depth > 6 or value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "ignore")
    if isinstance(value, pd.DataFrame):
        return value.to_csv() + " ".join(map(str, value.columns))
    if isinstance(value, pd.Series):
        return value.to_csv()
    if is_dataclass(value) and not isinstance(value, type):
        return " ".join(told(getattr(value, field.name), depth + 1) for field in fields(value))
    if isinstance(value, dict):
        return " ".join(told(part, depth + 1) for pair in value.items() for part in pair)
    if isinstance(value, (list, tuple, set, frozenset)):
        return " ".join(told(part, depth + 1) for part in value)
    return str(value)


def arguments_of(name: str, lead_id: int) -> dict[str, Any]:
    wanted = inspect.signature(CLIENT_FUNCTIONS[name]).parameters
    ours = ARGUMENTS | {"lead_id": lead_id, "lead_ids": [lead_id], "batch_id": 2, "version": "1", "offer_id": 1,
                        "view": delivery.ListView(page_size=1_000, columns=("email", "phone", "last_name"))}
    given = {parameter: ours[parameter] for parameter, about in wanted.items()
             if parameter in ours and (about.default is inspect.Parameter.empty or parameter == "view")}
    return given | {"client": CLIENT}


def test_somebody_who_may_does_read_the_planted_person(peopled) -> None:
    workbench, lead_id = peopled
    read = told(CLIENT_FUNCTIONS["list_leads"](workbench, BOSS, **arguments_of("list_leads", lead_id))).lower()
    assert all(planted in read for planted in PLANTED)


@pytest.mark.parametrize("name", READING)
def test_a_viewer_reads_no_personal_value(peopled, name) -> None:
    workbench, lead_id = peopled
    try:
        answer = CLIENT_FUNCTIONS[name](workbench, VIEWER, **arguments_of(name, lead_id))
    except LeadScoreError as refusal:
        answer = refusal.as_dict()
    read = told(answer).lower()
    assert [planted for planted in PLANTED if planted in read] == []


def test_a_viewer_finds_nobody_by_typing_part_of_an_address(peopled) -> None:
    workbench, _ = peopled
    assert not VIEWER.may(Action.VIEW_PERSONAL_DATA)
    found = delivery.list_leads(workbench, VIEWER, client=CLIENT, view=delivery.ListView(search=EMAIL))
    assert LAST.lower() not in told(found).lower()


def test_no_log_of_the_main_job_holds_a_personal_value(workbench, caplog, capfd) -> None:
    caplog.set_level(logging.DEBUG)
    rows = row(1, email=EMAIL, phone=PHONE, first=FIRST, last=LAST) + row(2, email=f"{EMAIL} or so")
    intake.import_file(workbench, BOSS, client=CLIENT, source=(HEADER + rows).encode(), filename="a.csv")
    scoring.rescore(workbench, BOSS, client=CLIENT)
    exported = delivery.export_leads(workbench, BOSS, client=CLIENT, view=delivery.ListView(), format="csv")
    jobs.keep_file(workbench, client=CLIENT, data=exported.content, filename=exported.filename)
    assert LAST.encode() in exported.content
    said = (caplog.text + "".join(capfd.readouterr())).lower()
    assert [planted for planted in PLANTED if planted in said] == []
