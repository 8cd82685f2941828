"""Each score is held against an end it could not know: before it was told, after the model learnt, or kept apart."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from leadscore.services import dossier, insight, intake, scoring, training
from leadscore.store.database import read
from tests.services.conftest import CLIENT, HEADER, QUICK, row


def _at(bench, **later):
    moment = bench.clock() + timedelta(**later)
    return replace(bench, clock=lambda: moment)


def _told(bench):
    with read(bench.engine) as session:
        return session.execute(text("SELECT lead_id, foretold, foretold_chance, foretold_by, blended, probability FROM "
                                    "scores WHERE foretold IS NOT NULL ORDER BY lead_id")).all()


def test_a_model_foretells_who_was_told_of_after_it_had_learnt(trained, admin):
    later = _at(trained, days=1)
    data = (HEADER + "".join(row(9_000 + number, status="Closed Won" if number % 2 else "Closed Lost")
                             for number in range(20))).encode()
    intake.import_file(later, admin, client=CLIENT, source=data, filename="new.csv")
    scoring.rescore(later, admin, client=CLIENT)
    assert insight.performance(later, admin, client=CLIENT).measured.measured_on["later"] == 20
    found = [entry for entry in _told(later) if entry.foretold_by == "later"]
    assert [entry.foretold for entry in found] == [int(entry.blended * 10 + 1e-6) for entry in found]
    assert all(entry.foretold_chance == entry.probability for entry in found)


def test_of_the_leads_a_model_has_learnt_from_only_those_kept_apart_are_foretold(trained, admin):
    told = _told(trained)
    report = insight.performance(trained, admin, client=CLIENT)
    assert {entry.foretold_by for entry in told} == {"held out"}
    assert 0 < len(told) < report.figures.converted + report.figures.lost
    # what the model said before it learnt from them is not what it says now
    assert any(entry.foretold_chance != entry.probability for entry in told)


def test_what_was_foretold_outlives_a_new_model_that_learns_from_the_end(trained, admin):
    with read(trained.engine) as session:
        lead_id, score = session.execute(text("SELECT lead_id, blended FROM scores WHERE outcome NOT IN ('converted', "
                                              "'lost') ORDER BY lead_id LIMIT 1")).one()
    later = _at(trained, days=1)
    dossier.record_outcome(later, admin, client=CLIENT, lead_ids=[lead_id], stage="converted")
    training.train_stored(_at(trained, days=2), admin, client=CLIENT, request=replace(QUICK, deploy=True))
    scoring.rescore(_at(trained, days=3), admin, client=CLIENT)
    entry = next(entry for entry in _told(trained) if entry.lead_id == lead_id)
    assert (entry.foretold, entry.foretold_by) == (int(score * 10 + 1e-6), "before")
