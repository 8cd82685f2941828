"""The document of a model: every field filled or said not to be provided, for new versions and for bare old ones."""

import dataclasses

import pandas as pd
import pytest

from leadscore.access import Role
from leadscore.errors import NotFound
from leadscore.reports.document import Brand
from leadscore.services import approvals, fairness, governance, model_documents
from leadscore.steps.model_document import NOT_PROVIDED, model_document
from leadscore.steps.model_facts import facts_of
from leadscore.steps.models import known_version
from leadscore.steps.report_document import About
from leadscore.store.database import read
from tests.services.conftest import CLIENT, NOW, person

pytestmark = pytest.mark.usefixtures("read_here")

SECTIONS = ["Purpose and limits", "Data", "Features", "Performance", "Performance by segment", "Calibration",
            "Fairness", "Drift", "Approvals", "Changes since", "Known failure cases", "How it was made",
            "Where it is used", "Proof"]


def document_of(workbench, version, **changed):
    """Give the document, of a version whose row is changed beforehand."""
    with read(workbench.engine) as session:
        row = known_version(session, CLIENT, version)
        facts = facts_of(session, workbench, row)
        for name, value in changed.items():
            setattr(row, name, value)
        return model_document(facts, About("Model", "as of now", NOW, "me"), Brand("Acme"))


def cells(document) -> pd.Series:
    parts = [table.rows.astype(object).stack() for section in document.sections for table in section.tables]
    return pd.concat(parts)


def fields(document) -> dict[str, str]:
    return {field: value for section in document.sections for table in section.tables if "Value" in table.rows
            for field, value in zip(table.rows["Field"], table.rows["Value"], strict=True)}


@pytest.mark.parametrize("version", ["1", "2"])
def test_every_field_is_filled_or_said_not_to_be_provided(twice, admin, version):
    fairness.mark_fields(twice, admin, client=CLIENT, names=["Country"])
    document = document_of(twice, version)
    assert [any(section.title.startswith(title) for section in document.sections) for title in SECTIONS] == [
        True] * len(SECTIONS)
    for section in document.sections:
        assert section.paragraphs or section.tables, section.title
        for table in section.tables:
            assert len(table.rows), (section.title, table.title)
            empty = table.rows.isna() | table.rows.eq("")
            assert not empty.any(axis=None), (section.title, table.title)
    told = fields(document)
    assert told["Fingerprint of the features and ends"] != NOT_PROVIDED
    assert told["Trained by"] == "the admin" and told["scikit-learn"]
    assert told["Controller, as entered"] == NOT_PROVIDED


def test_a_bare_old_version_says_what_is_missing(trained, admin):
    document = document_of(trained, "1", report={}, manifest={}, metrics={})
    assert [section.title for section in document.sections][:2] == SECTIONS[:2]
    told = fields(document)
    for name in ("Learnt from the outcome", "Leads with a known end", "Libraries", "Figures with their intervals"):
        assert told[name] == NOT_PROVIDED
    assert not cells(document).isna().any()


def test_approvals_use_and_changes_are_told(twice, admin):
    approvals.require_approval(twice, admin, client=CLIENT, on=True)
    second = dataclasses.replace(person(Role.MANAGER, CLIENT), name="Second Person")
    approvals.judge_model(twice, second, client=CLIENT, version="2", approved=True, comment="Looked at the segments.")
    html = model_documents.model_document(twice, admin, client=CLIENT, version="2").content.decode()
    for words in ("Second Person", "Looked at the segments.", "Changes since version 1", "logistic → xgboost",
                  "A second person&#39;s approval is wanted", "no legal advice"):
        assert words in html, words
    told = document_of(twice, "2")
    used = next(table for section in told.sections for table in section.tables if table.title == "Put to use")
    assert list(used.rows["By"]) == ["the admin"]
    scored = next(table for section in told.sections for table in section.tables if table.title.startswith("Scorings"))
    assert int(scored.rows["Leads scored"].sum()) > 0


def test_groups_are_told_of_the_version_in_use_alone(twice, admin):
    fairness.mark_fields(twice, admin, client=CLIENT, names=["Country"])
    groups = {version: [section for section in document_of(twice, version).sections if section.title == "Fairness"][0]
              for version in ("1", "2")}
    assert "another version" in groups["1"].paragraphs[0]
    assert "Group" in groups["2"].tables[0].rows


def test_it_leaves_as_pdf_too_and_every_time_is_recorded(trained, admin):
    made = model_documents.model_document(trained, admin, client=CLIENT, version="1",
                                          as_a=model_documents.Format.PDF)
    assert made.content.startswith(b"%PDF") and made.filename == "model-1_acme_2026-11-21.pdf"
    assert governance.audit_events(trained, admin, action="report_made").total == 1
    with pytest.raises(NotFound):
        model_documents.model_document(trained, admin, client=CLIENT, version="9")
