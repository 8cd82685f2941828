"""Compliance reports: made from what is true, told in plain words, written down, and made again alike."""

import hashlib
import json
import re
from datetime import date, timedelta
from html import unescape
from io import BytesIO

import pandas as pd
import pytest
from pypdf import PdfReader
from sqlalchemy import text

from leadscore.access import Actor, Role
from leadscore.errors import Forbidden, InvalidRequest, NotFound
from leadscore.services import (
    accounts,
    branding,
    compliance,
    delivery,
    dossier,
    fairness,
    governance,
    intake,
    retention,
    risks,
    scoring,
)
from leadscore.services.compliance import ABOUT_A_LEAD, ABOUT_A_PERIOD, WITH_RECORDS, Format, Kind, Period, Wish
from leadscore.steps.compliance.asking import NO_ADVICE, NOT_PROVIDED
from leadscore.steps.faults import note_fault
from leadscore.store import subject_keys, suppression
from leadscore.store.database import read, write
from leadscore.store.tables import Consent
from tests.services.conftest import CLIENT, NOW, leads_file, person
from tests.steps.readability import longest_sentence, reading_ease

BOSS, ADMIN = person(Role.MANAGER, CLIENT), person(Role.ADMIN)
THIS_YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
PLAIN_ENGLISH = 60.0
"""Flesch (1948): 60 to 70 is plain English, understood by 13 to 15 year olds."""


def wish(kind, lead=1, period=THIS_YEAR):
    return Wish(kind, period if kind in ABOUT_A_PERIOD else None, lead if kind in ABOUT_A_LEAD else None)


def made(bench, kind, actor=BOSS, **more):
    return compliance.make_report(bench, actor, client=CLIENT, wanted=wish(kind, **more)).content.decode()


def records(bench, kind, actor=BOSS):
    content = compliance.report_records(bench, actor, client=CLIENT, wanted=wish(kind)).content
    return pd.read_csv(BytesIO(content), dtype=str, encoding="utf-8-sig")


def told(bench, action="compliance_report_made"):
    frame = governance.audit_events(bench, ADMIN, limit=50).frame
    return frame[frame["action"] == action].iloc[0]


def table(page, heading):
    """Read the table that has a heading."""
    for found in re.findall(r"<table>.*?</table>", page, flags=re.S):
        cells = [[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row)]
                 for row in re.findall(r"<tr>.*?</tr>", found, flags=re.S)]
        if heading in cells[0]:
            return pd.DataFrame(cells[1:], columns=cells[0])
    raise AssertionError(f"no table has {heading}")


def one_lead(bench, condition):
    with read(bench.engine) as session:
        return session.execute(text(f"SELECT lead_id FROM scores WHERE {condition} ORDER BY score LIMIT 1")).scalar()


def words_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<body>")[2]))


@pytest.mark.parametrize("kind", list(Kind))
def test_a_report_is_dated_branded_no_advice_and_the_same_again(trained_once, kind):
    file = compliance.make_report(trained_once, BOSS, client=CLIENT, wanted=wish(kind))
    page = file.content.decode()
    assert file.filename == f"{kind}_acme_2026-11-21.html"
    assert NO_ADVICE in page
    assert "Made on 21 Nov 2026, 12:00 UTC by the manager" in page
    newest = compliance.list_reports(trained_once, BOSS, client=CLIENT)[0]
    assert (newest.kind, newest.sha256) == (kind, hashlib.sha256(file.content).hexdigest())
    again = compliance.make_again(trained_once, BOSS, client=CLIENT, report_id=newest.id)
    assert again.same, again
    detail = json.loads(told(trained_once)["detail"])
    assert (detail["kind"], detail["sha256"], detail["report"]) == (kind, file.sha256, newest.id)


@pytest.mark.parametrize("kind", list(Kind))
def test_on_paper_a_report_says_what_its_page_says(trained_once, kind):
    def letters(said):
        return re.sub(r"[^\w]", "", said)

    paper = compliance.make_report(trained_once, BOSS, client=CLIENT, wanted=wish(kind), as_a=Format.PDF).content
    said = letters("".join(page.extract_text() for page in PdfReader(BytesIO(paper)).pages))
    for heading in re.findall(r"<h2>([^<]+)</h2>", made(trained_once, kind)):
        assert letters(heading.replace("&amp;", "&")) in said


def test_records_are_for_reports_that_have_some(trained_once):
    for kind in Kind:
        if kind in WITH_RECORDS:
            assert len(records(trained_once, kind).columns) > 4
        else:
            with pytest.raises(InvalidRequest) as refused:
                records(trained_once, kind)
            assert refused.value.code == "no_records"


@pytest.mark.parametrize(("kind", "lead", "period", "code"), [
    (Kind.ACCESS, None, None, "no_period"), (Kind.SOC2, None, None, "no_period"),
    (Kind.NOTICE, 99_999, None, "unknown_lead"), (Kind.NOTICE, None, None, "unknown_lead")])
def test_what_is_missing_is_refused_and_nothing_is_written_down(trained_once, kind, lead, period, code):
    before = len(compliance.list_reports(trained_once, BOSS, client=CLIENT))
    with pytest.raises((InvalidRequest, NotFound)) as refused:
        compliance.make_report(trained_once, BOSS, client=CLIENT, wanted=Wish(kind, period, lead))
    assert refused.value.code == code
    assert len(compliance.list_reports(trained_once, BOSS, client=CLIENT)) == before


@pytest.mark.parametrize("days", [(date(2026, 2, 1), date(2026, 1, 1)), (date(1999, 1, 1), date(2026, 1, 1))])
def test_a_period_has_an_end_after_its_beginning_and_within_ten_years(days):
    with pytest.raises(InvalidRequest):
        Period(*days)


# --- the notice about one lead -----------------------------------------------------------------------------------


def test_the_words_of_a_decision_are_plain_for_every_lead(trained_once):
    with read(trained_once.engine) as session:
        leads = [lead for lead, in session.execute(text("SELECT lead_id FROM scores ORDER BY score DESC")).all()]
    for lead in leads[::len(leads) // 5]:
        words = compliance.plain_decision(trained_once, BOSS, client=CLIENT, lead_id=lead)
        own = "\n".join((*words.decided, *words.worked_out, *words.rights))
        assert reading_ease(own) >= PLAIN_ENGLISH + 10, own
        # the names of a client's own columns are what they are
        assert reading_ease(words.text) >= PLAIN_ENGLISH, words.text
        assert longest_sentence(own) <= 22, own


def test_a_notice_says_what_counted_and_its_points_add_up(trained_once):
    detail = dossier.lead_detail(trained_once, BOSS, client=CLIENT, lead_id=1)
    page = made(trained_once, Kind.NOTICE)
    facts = table(page, "Points")
    points = facts["Points"].astype(float)
    assert points.iloc[:-1].sum() == pytest.approx(points.iloc[-1], abs=0.05 * len(points))
    assert points.iloc[-1] == pytest.approx(detail.blended, abs=0.06)
    for word in (f"We gave you a score of {detail.score:.0f}.", f"group “{detail.tier}”",
                 "ask that a person looks at this result", "campaign.csv, 21 November 2026"):
        assert word in words_of(page)
    for reason in detail.reasons[:4]:
        assert reason.text in facts["Fact"].tolist()


def test_what_would_change_the_result_is_what_scoring_again_says(trained_once):
    lead = one_lead(trained_once, "outcome NOT IN ('converted', 'lost')")
    detail = dossier.lead_detail(trained_once, BOSS, client=CLIENT, lead_id=lead)
    words = compliance.plain_decision(trained_once, BOSS, client=CLIENT, lead_id=lead).would_change
    assert detail.what_if.improvements
    for improvement, sentence in zip(detail.what_if.improvements[:3], words, strict=False):
        assert f"{improvement.after} and not {improvement.before}" in sentence
        assert f"would be {improvement.score:.0f}." in sentence


def test_of_a_decided_lead_nothing_would_change_any_more(trained_once):
    lead = one_lead(trained_once, "outcome = 'converted'")
    words = compliance.plain_decision(trained_once, BOSS, client=CLIENT, lead_id=lead).would_change
    assert words == ("We know by now if you bought or not. A new score would change nothing any more.",)


def test_the_words_are_kept_with_the_decision_until_its_person_is_forgotten(trained):
    made(trained, Kind.NOTICE)
    row = told(trained)
    words = compliance.plain_decision(trained, BOSS, client=CLIENT, lead_id=1).text
    sealed = json.loads(row["detail"])["sealed"]
    assert row["object"] == "lead:1"
    with write(trained.engine) as session:
        assert subject_keys.opened(session, trained.vault, 1, 1, sealed) == {"text": words}
        subject_keys.forget(session, 1, [1])
        assert subject_keys.opened(session, trained.vault, 1, 1, sealed) is None
    assert governance.verify_audit(trained, ADMIN).ok


def test_a_result_set_by_hand_says_so(trained):
    dossier.override(trained, BOSS, client=CLIENT, lead_id=1, tier="Low", reason="Knows us")
    page = words_of(made(trained, Kind.NOTICE))
    assert "A person on our team has set this result by hand." in page
    assert "Knows us" not in page


def test_a_lead_without_a_score_has_no_decision_to_explain(trained):
    with write(trained.engine) as session:
        session.execute(text("DELETE FROM scores WHERE lead_id = 1"))
    with pytest.raises(InvalidRequest) as refused:
        made(trained, Kind.NOTICE)
    assert refused.value.code == "not_scored"


# --- what has changed since --------------------------------------------------------------------------------------


def test_a_report_that_comes_out_otherwise_says_what_happened_since(trained):
    made(trained, Kind.NOTICE)
    dossier.override(trained, BOSS, client=CLIENT, lead_id=1, tier="Low", reason="Knows us")
    report = compliance.list_reports(trained, BOSS, client=CLIENT)[0]
    again = compliance.make_again(trained, BOSS, client=CLIENT, report_id=report.id)
    assert not again.same
    assert again.explained == "It comes out otherwise than it was. Since then: 1 × Score set by hand."


def test_a_notice_about_somebody_who_is_gone_cannot_be_made_again(trained):
    made(trained, Kind.NOTICE)
    with write(trained.engine) as session:
        for table, column in (("scores", "lead_id"), ("leads", "id")):
            session.execute(text(f"DELETE FROM {table} WHERE {column} = 1"))
    report = compliance.list_reports(trained, BOSS, client=CLIENT)[0]
    again = compliance.make_again(trained, BOSS, client=CLIENT, report_id=report.id)
    assert (again.same, again.sha256) == (False, "")
    assert again.explained.startswith("It cannot be made again: ")


def test_an_access_log_of_a_period_stays_the_same_whatever_happens_later(trained):
    made(trained, Kind.ACCESS)
    report = compliance.list_reports(trained, BOSS, client=CLIENT)[0]
    dossier.lead_detail(trained, BOSS, client=CLIENT, lead_id=2)
    branding.current_brand(trained, BOSS, client=CLIENT)
    assert compliance.make_again(trained, BOSS, client=CLIENT, report_id=report.id).same


# --- who may, and whose ------------------------------------------------------------------------------------------


def test_somebody_elses_report_is_not_found(trained_once):
    made(trained_once, Kind.RISKS)
    report = compliance.list_reports(trained_once, BOSS, client=CLIENT)[0]
    other = person(Role.MANAGER, "other")
    compliance.save_processing_details(trained_once, other, client="other", values={"controller": "Other Ltd"})
    with pytest.raises(NotFound) as refused:
        compliance.make_again(trained_once, other, client="other", report_id=report.id)
    assert refused.value.code == "unknown_report"
    assert compliance.list_reports(trained_once, other, client="other") == []


def test_an_analyst_reads_and_does_not_enter(trained_once):
    analyst = person(Role.ANALYST, CLIENT)
    assert made(trained_once, Kind.PROCESSING, analyst)
    with pytest.raises(Forbidden):
        compliance.save_processing_details(trained_once, analyst, client=CLIENT, values={"controller": "Me"})


@pytest.fixture(scope="module")
def staffed(trained_once):
    for name, role, client in (("anna", Role.ANALYST, CLIENT), ("olga", Role.ANALYST, "other"),
                               ("adam", Role.ADMIN, None)):
        accounts.add_user(trained_once, ADMIN, name=name, password="a long enough password",
                          role=role, clients=[client] if client else [])
    return trained_once


@pytest.mark.parametrize("kind", [Kind.ACCESS, Kind.SOC2, Kind.PROCESSING])
def test_people_of_other_clients_stay_unnamed(staffed, kind):
    page = words_of(made(staffed, kind))
    assert "olga" not in page
    if kind is not Kind.ACCESS:
        assert {"anna", "adam"} <= set(re.findall(r"\w+", page))
    if kind in WITH_RECORDS:
        assert not records(staffed, kind)["detail"].str.contains("olga").any()


@pytest.mark.parametrize("kind", [Kind.ACCESS, Kind.SOC2])
def test_what_an_administrator_does_for_another_client_and_faults_of_its_people_are_not_told(trained, kind):
    accounts.add_user(trained, ADMIN, name="adam", password="a long enough password", role=Role.ADMIN)
    adam = Actor("adam", Role.ADMIN)
    olga = accounts.add_user(trained, adam, name="olga", password="a long enough password", role=Role.ANALYST,
                             clients=["secret customer"])
    anna = accounts.add_user(trained, adam, name="anna", password="a long enough password", role=Role.ANALYST,
                             clients=[CLIENT])
    accounts.change_user(trained, adam, user_id=anna.id, clients=[CLIENT, "secret customer"])
    for number, name in enumerate(("olga", "anna")):
        note_fault(trained, ValueError(number), place="page leads", user=name)
    found = records(trained, kind)
    assert {f"user:{anna.id}"} == set(found["object"][found["actor"] == "adam"])
    assert not found["object"].eq(f"user:{olga.id}").any() and not found["actor"].eq("olga").any()
    assert not found["detail"].str.contains("secret").any() and "secret customer" not in made(trained, kind)
    if kind is Kind.SOC2:
        assert found[found["action"] == "fault"]["actor"].tolist() == ["anna"]


def test_an_access_log_counts_looks_and_exports_by_person(trained):
    for lead in (1, 2, 2):
        dossier.lead_detail(trained, BOSS, client=CLIENT, lead_id=lead)
    page = made(trained, Kind.ACCESS)
    people = table(page, "Looks").set_index("Who")
    assert people.loc["the manager", ["Looks", "Leads"]].tolist() == ["3", "2"]
    assert "1 person looked at the personal data of 2 leads" in page
    assert records(trained, Kind.ACCESS)["action"].value_counts()["lead_viewed"] == 3
    nothing = made(trained, Kind.ACCESS, period=Period(date(2020, 1, 1), date(2020, 1, 31)))
    assert "Nobody looked at or took personal data in this period." in nothing


def test_an_export_names_its_leads_in_the_records_and_their_number_on_the_page(trained):
    delivery.export_leads(trained, BOSS, client=CLIENT, view=delivery.ListView(top="20"), format="csv")
    found = records(trained, Kind.ACCESS)
    detail = json.loads(found[found["action"] == "leads_exported"]["detail"].iloc[0])
    assert len(detail["leads"]) == detail["rows"] > 0
    assert f"1 export took {detail['rows']} rows" in made(trained, Kind.ACCESS)
    made(trained, Kind.NOTICE)
    made(trained, Kind.RISKS)
    seen = records(trained, Kind.ACCESS)
    assert seen[seen["action"] == "compliance_report_made"]["object"].tolist() == ["lead:1"]


def test_how_long_data_is_kept_is_what_is_set(trained):
    assert "No rule removes leads by age" in made(trained, Kind.PROCESSING)
    retention.save_retention(trained, BOSS, client=CLIENT, days={"leads": 1_000})
    for kind in (Kind.PROCESSING, Kind.CCPA):
        assert "Leads without a sign of life are removed after 1,000 days." in made(trained, kind)


def test_evidence_tells_changes_from_what_to_what_and_who_may_sign_in(trained):
    accounts.add_user(trained, ADMIN, name="adam", password="a long enough password", role=Role.ADMIN, clients=[])
    account = accounts.add_user(trained, ADMIN, name="anna", password="a long enough password",
                                role=Role.ANALYST, clients=[CLIENT])
    accounts.change_user(trained, ADMIN, user_id=account.id, role=Role.MANAGER)
    page = words_of(made(trained, Kind.SOC2))
    assert "role: analyst → manager" in page
    for word in ("Model put to use", "Model trained", "none was altered, removed or moved",
                 "CC6.1 Who may sign in, and who did"):
        assert word in page


def test_a_broken_chain_is_told_in_the_evidence(trained):
    with write(trained.engine) as session:
        session.execute(text("UPDATE audit_events SET detail = '{}' WHERE seq = 2"))
    assert "The chain of the log is broken at record 2." in made(trained, Kind.SOC2)


# --- what people enter -------------------------------------------------------------------------------------------


def test_the_processing_record_holds_what_is_entered_and_says_what_is_missing(trained):
    page = words_of(made(trained, Kind.PROCESSING))
    assert f"Controller {NOT_PROVIDED}" in page
    for word in ("E-mail, First name, Last name", "Personal details are encrypted", "No backup made by the workbench",
                 "The session cookie is not limited to HTTPS", "No language server is asked"):
        assert word in page
    compliance.save_processing_details(trained, BOSS, client=CLIENT,
                                       values={"controller": "Acme <Ltd>", "contact": "privacy@acme.example"})
    page = made(trained, Kind.PROCESSING)
    assert "Acme &lt;Ltd&gt;" in page
    assert "Write to: privacy@acme.example" in made(trained, Kind.NOTICE)
    detail = told(trained, "processing_details_saved")["detail"]
    assert json.loads(detail) == {"changed": ["controller", "contact"]}


@pytest.mark.parametrize("values", [{"nonsense": "x"}, {"controller": 5}, {"controller": "x" * 2_001}])
def test_what_cannot_be_kept_is_refused(trained_once, values):
    with pytest.raises(InvalidRequest):
        compliance.save_processing_details(trained_once, BOSS, client=CLIENT, values=values)


# --- opting out --------------------------------------------------------------------------------------------------


def test_the_opt_out_list_holds_the_last_word_of_each_lead_and_the_suppressed(trained):
    def said(lead, given, days):
        return Consent(client_id=1, lead_id=lead, purpose="sale", given=given, source="letter",
                       at=NOW - timedelta(days=days), recorded_by="me", recorded_at=NOW - timedelta(days=days))

    with write(trained.engine) as session:
        session.add_all([said(1, False, 3), said(2, False, 3), said(2, True, 1), said(3, True, 2)])
        suppression.add(session, 1, emails=["ab" * 16], reason="erased", now=NOW)
    found = records(trained, Kind.CCPA)
    assert found["lead_id"].tolist()[0] == "1"
    assert found["email_fingerprint"].dropna().tolist() == ["ab" * 16]
    assert len(found) == 2
    page = words_of(made(trained, Kind.CCPA))
    assert "Said no to sale or sharing 1" in page
    assert "Suppressed fingerprints 1" in page


# --- risks -------------------------------------------------------------------------------------------------------


def test_what_the_workbench_sees_is_adopted_and_not_proposed_again(trained):
    before = risks.risk_record(trained, BOSS, client=CLIENT)
    titles = [one.entry.title for one in before.proposals]
    assert "A model is put to use without a second pair of eyes" in titles
    assert "Leads, models and the audit trail are lost with the machine" in titles
    assert before.matrix.spec is None
    proposal = before.proposals[0]
    risks.save_risk(trained, BOSS, client=CLIENT, values=proposal.entry.as_dict())
    after = risks.risk_record(trained, BOSS, client=CLIENT)
    assert [kept.entry.title for kept in after.risks] == [proposal.entry.title]
    assert proposal.entry.title not in [one.entry.title for one in after.proposals]
    assert after.matrix.spec is not None


def test_a_sensitive_field_in_the_scorecard_is_a_risk_that_is_seen(trained):
    def seen():
        return [one.because for one in risks.risk_record(trained, BOSS, client=CLIENT).proposals
                if one.entry.title == "Scores use a field that is marked as sensitive"]

    assert seen() == []
    fairness.mark_fields(trained, BOSS, client=CLIENT, names=["country"])
    (because,) = seen()
    assert because.startswith("The scorecard asks about it: ")
    assert because.endswith("The model in use has learnt from 1 marked field.")
    fairness.mark_fields(trained, BOSS, client=CLIENT, names=[])
    assert seen() == []


def test_a_proposal_says_what_is_to_do_and_not_what_is_done(trained_once):
    found = risks.risk_record(trained_once, BOSS, client=CLIENT).proposals
    assert found
    assert all(one.entry.measures.startswith("To do: ") for one in found)


def test_a_changed_risk_says_who_and_from_what_to_what(trained):
    entry = {"title": "Unfair to small firms", "likelihood": 4, "impact": 4, "owner": "anna"}
    kept = risks.save_risk(trained, BOSS, client=CLIENT, values=entry)
    assert kept.grade == "grave"
    kept = risks.save_risk(trained, BOSS, client=CLIENT, values=entry | {"likelihood": 1, "state": "closed"},
                           risk_id=kept.id)
    assert kept.grade == "low"
    detail = json.loads(told(trained, "risk_saved")["detail"])
    assert detail == {"reworded": [], "before": {"likelihood": 4, "state": "open"},
                      "after": {"likelihood": 1, "state": "closed"}}
    page = words_of(made(trained, Kind.RISKS))
    assert "and 1 closed" in page
    assert "No risk is open" in page


@pytest.mark.parametrize("wrong", [
    {"title": " "}, {"title": "x" * 121}, {"likelihood": 0}, {"impact": 6}, {"state": "gone"}, {"review_on": "soon"},
    {"review_on": "2026-13-01"}, {"owner": "x" * 81}])
def test_a_risk_that_cannot_stand_in_the_record_is_refused(trained_once, wrong):
    with pytest.raises(InvalidRequest):
        risks.save_risk(trained_once, BOSS, client=CLIENT,
                        values={"title": "x", "likelihood": 1, "impact": 1} | wrong)


def test_a_risk_of_another_client_is_not_found(trained_once):
    kept = risks.save_risk(trained_once, BOSS, client=CLIENT, values={"title": "x", "likelihood": 1, "impact": 1})
    with pytest.raises(NotFound):
        risks.save_risk(trained_once, person(Role.MANAGER, "other"), client="other", risk_id=kept.id,
                        values={"title": "y", "likelihood": 1, "impact": 1})


def test_without_a_model_a_notice_speaks_of_rules_alone(workbench, read_here):
    intake.import_file(workbench, ADMIN, client=CLIENT, source=leads_file(8), filename="leads.csv")
    scoring.rescore(workbench, ADMIN, client=CLIENT)
    assert "model" not in compliance.plain_decision(workbench, BOSS, client=CLIENT, lead_id=1).text
    assert "Model none, rules alone" in words_of(made(workbench, Kind.NOTICE))
