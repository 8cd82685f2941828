"""Who objects is left alone: not scored, not learnt from, not handed out, not shown beside others; until taken back."""

from datetime import timedelta

import numpy as np
import pytest

from leadscore.access import Role
from leadscore.errors import InvalidRequest, NotFound
from leadscore.services import consents, delivery, dossier, intake, scoring, segments, similar, training
from leadscore.steps.panels import prepare
from leadscore.steps.policies import active_policy
from leadscore.store import held_out, lead_reading, restriction, scores
from leadscore.store import models as model_rows
from leadscore.store.database import read
from tests.services.conftest import CLIENT, NOW, QUICK, leads_file, person

pytestmark = pytest.mark.usefixtures("read_here")
BOSS = person(Role.ADMIN)


def everyone(workbench):
    return delivery.list_leads(workbench, BOSS, client=CLIENT, view=delivery.ListView(page_size=1000)).frame


@pytest.fixture(scope="module")
def objected(trained_once):
    """Let a converted lead that a model was measured on object, and give its number."""
    with read(trained_once.engine) as session:
        won = lead_reading.with_outcome(session, 1, "converted")
        kept = held_out.find(session, trained_once.vault, 1, 1).frame.index.to_numpy()
        lead_id = int(np.intersect1d(won, kept)[0])
    similar.prepare_similar(trained_once, BOSS, client=CLIENT)
    segments.save_segment(trained_once, BOSS, client=CLIENT, name="All", view=delivery.ListView())
    consents.record_consent(trained_once, BOSS, client=CLIENT, lead_id=lead_id, purpose="profiling", given=False,
                            source="letter")
    return trained_once, lead_id


def test_the_score_of_an_objecting_lead_leaves_every_list_at_once(objected) -> None:
    workbench, lead_id = objected
    assert lead_id not in set(everyone(workbench)["lead_id"])
    detail = dossier.lead_detail(workbench, BOSS, client=CLIENT, lead_id=lead_id)
    assert (detail.score, len(detail.history)) == (None, 1)
    assert detail.objected_at is not None


def test_an_objecting_lead_is_not_scored_again(objected) -> None:
    workbench, lead_id = objected
    scoring.rescore(workbench, BOSS, client=CLIENT)
    scoring.rescore(workbench, BOSS, client=CLIENT, only=[lead_id])
    with read(workbench.engine) as session:
        assert scores.of_leads(session, 1, [lead_id]).empty


def test_no_export_or_segment_holds_an_objecting_lead(objected) -> None:
    workbench, lead_id = objected
    exported = delivery.export_leads(workbench, BOSS, client=CLIENT, view=delivery.ListView(), format="csv")
    with read(workbench.engine) as session:
        crm_id = lead_reading.find_lead(session, 1, lead_id).crm_id
    assert f'"{crm_id}"'.encode() not in exported.content
    segments.set_trigger(workbench, BOSS, client=CLIENT, segment_id=1, trigger={"kind": "count"})
    segments.follow_segments(workbench, BOSS, client=CLIENT)
    assert lead_id not in set(everyone(workbench)["lead_id"])


def test_nobody_is_compared_with_an_objecting_lead(objected) -> None:
    workbench, lead_id = objected
    found = similar.look_alikes(workbench, BOSS, client=CLIENT, count=50).frame
    assert lead_id not in set(found["lead_id"])
    other = int(everyone(workbench)["lead_id"].iloc[0])
    beside = similar.similar_leads(workbench, BOSS, client=CLIENT, lead_id=other, count=50).frame
    assert lead_id not in set(beside["lead_id"])


def test_no_training_and_no_measurement_reads_an_objecting_lead(objected, monkeypatch) -> None:
    workbench, lead_id = objected
    with read(workbench.engine) as session:
        assert lead_id not in lead_reading.outcomes(session, 1).index
        assert lead_id not in lead_reading.outcome_moments(session, 1).index
        assert lead_id not in lead_reading.with_outcome(session, 1, "converted")
        assert lead_id not in lead_reading.read_leads(session, workbench.vault, 1).index
        assert lead_id not in held_out.find(session, workbench.vault, 1, 1).frame.index
        champion = model_rows.champion(session, 1)
    assert lead_id not in prepare(workbench, 1, champion, active_policy(workbench, CLIENT)).panel.lead_ids
    learnt = []
    monkeypatch.setattr(training, "_train", lambda *parts: learnt.append(parts[3]))
    training.train_stored(workbench, BOSS, client=CLIENT, request=QUICK)
    assert lead_id not in learnt[0].leads.index and len(learnt[0].leads) > 300


def test_an_objection_that_is_taken_back_lets_the_lead_take_part_again(trained) -> None:
    lead_id = int(everyone(trained)["lead_id"].iloc[3])
    say = {"client": CLIENT, "lead_id": lead_id, "purpose": "profiling", "source": "phone call"}
    consents.record_consent(trained, BOSS, given=False, **say)
    consents.record_consent(trained, BOSS, given=True, **say)
    scoring.rescore(trained, BOSS, client=CLIENT, only=[lead_id])
    assert lead_id in set(everyone(trained)["lead_id"])
    with read(trained.engine) as session:
        assert restriction.restricted_ids(session, 1).size == 0
        assert lead_reading.find_lead(session, 1, lead_id).restricted_at is None


def test_what_is_noted_of_objections_agrees_with_the_leads_themselves(trained) -> None:
    ids = everyone(trained)["lead_id"].iloc[:3].tolist()
    for lead_id in ids:
        consents.record_consent(trained, BOSS, client=CLIENT, lead_id=lead_id, purpose="profiling", given=False,
                                source="form")
    with read(trained.engine) as session:
        marked = session.connection().exec_driver_sql("SELECT id FROM leads WHERE restricted_at IS NOT NULL").scalars()
        assert sorted(marked) == sorted(ids) == restriction.restricted_ids(session, 1).tolist()


def test_who_opts_out_of_being_sold_is_in_no_export_and_the_reason_is_told(trained) -> None:
    before = delivery.export_leads(trained, BOSS, client=CLIENT, view=delivery.ListView(), format="csv")
    lead_id = int(everyone(trained).query("exported")["lead_id"].iloc[0])
    consents.record_consent(trained, BOSS, client=CLIENT, lead_id=lead_id, purpose="sale", given=False, source="form")
    after = delivery.export_leads(trained, BOSS, client=CLIENT, view=delivery.ListView(), format="csv")
    assert after.rows == before.rows - 1
    assert after.left_out_reasons["has opted out of being sold"] == 1
    assert lead_id in set(everyone(trained)["lead_id"])


def test_a_word_by_hand_keeps_what_the_file_had_said(workbench, admin) -> None:
    intake.import_file(workbench, admin, client=CLIENT, source=leads_file(2), filename="leads.csv")
    scoring.rescore(workbench, admin, client=CLIENT)
    consents.record_consent(workbench, admin, client=CLIENT, lead_id=1, purpose="contact", given=False,
                            source="phone call")
    told = consents.lead_consents(workbench, admin, client=CLIENT, lead_id=1)
    assert told[["given", "known_from"]].values.tolist() == [[True, "import 1"], [False, admin.name]]
    exported = delivery.export_leads(workbench, admin, client=CLIENT, view=delivery.ListView(), format="csv")
    assert (exported.rows, exported.left_out_reasons) == (1, {"has not given consent": 1})
    assert not dossier.lead_detail(workbench, admin, client=CLIENT, lead_id=1).reachable
    coverage = consents.consent_coverage(workbench, admin, client=CLIENT).by_source
    assert coverage[["given", "refused", "unknown"]].values.tolist() == [[1, 1, 0]]


@pytest.mark.parametrize(("wrong", "code"), [
    ({"purpose": "world peace"}, "unknown_purpose"), ({"source": "  "}, "no_source"),
    ({"at": NOW + timedelta(days=1)}, "future_consent")])
def test_what_cannot_be_a_consent_is_refused(workbench, admin, wrong, code) -> None:
    given = {"lead_id": 1, "purpose": "contact", "given": True, "source": "form"} | wrong
    with pytest.raises(InvalidRequest) as refusal:
        consents.record_consent(workbench, admin, client=CLIENT, **given)
    assert refusal.value.code == code


def test_an_agreement_of_earlier_does_not_undo_a_no_of_a_later_day(workbench, admin) -> None:
    intake.import_file(workbench, admin, client=CLIENT, source=leads_file(2), filename="leads.csv")
    say = {"client": CLIENT, "lead_id": 1, "purpose": "profiling", "source": "letter"}
    consents.record_consent(workbench, admin, given=False, at=NOW - timedelta(days=3), **say)
    with pytest.raises(InvalidRequest) as refusal:
        consents.record_consent(workbench, admin, given=True, at=NOW - timedelta(days=9), **say)
    assert refusal.value.code == "older_consent"
    with read(workbench.engine) as session:
        assert restriction.restricted_ids(session, 1).tolist() == [1]
    consents.record_consent(workbench, admin, given=True, at=NOW - timedelta(days=3, hours=5), **say)
    with read(workbench.engine) as session:
        assert restriction.restricted_ids(session, 1).size == 0


def test_a_consent_of_another_clients_lead_is_refused(trained_once) -> None:
    intake.import_file(trained_once, BOSS, client="beta", source=leads_file(1), filename="b.csv")
    with pytest.raises(NotFound):
        consents.record_consent(trained_once, BOSS, client="beta", lead_id=1, purpose="profiling", given=False,
                                source="form")
