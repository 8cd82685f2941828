"""Two versions are compared on the same leads, without saying more than the data allow, nor names to those without."""

import dataclasses
from datetime import timedelta

import numpy as np
import pytest

from leadscore.errors import NotFound
from leadscore.services import comparison, delivery, dossier, models, scoring, training
from leadscore.services.comparison import compare_models
from leadscore.steps import comparing
from leadscore.store import models as model_rows
from leadscore.store.database import write
from tests.services.conftest import CLIENT, NOW, leads_file

pytestmark = pytest.mark.usefixtures("read_here")


def _compare(workbench, actor, first="1", second="2"):
    return compare_models(workbench, actor, client=CLIENT, first=first, second=second)


def _ranked(workbench, actor):
    return delivery.list_leads(workbench, actor, client=CLIENT,
                               view=delivery.ListView(page_size=1_000)).frame["lead_id"].tolist()


def _tomorrow(workbench, days=1):
    return dataclasses.replace(workbench, clock=lambda: NOW + timedelta(days=days))


def test_who_enters_and_leaves_is_who_would(twice, admin):
    after = _ranked(twice, admin)
    told = comparison.compare_models(twice, admin, client=CLIENT, first="1", second="champion")
    models.roll_back_model(twice, admin, client=CLIENT)
    scoring.rescore(twice, admin, client=CLIENT)
    before = _ranked(twice, admin)
    top = told.top
    assert (told.leads, top) == (394, 79)
    assert told.moved == len(set(after[:top]) - set(before[:top])) > 0
    assert told.overlap == pytest.approx(1 - told.moved / top)
    expected = [(lead, before.index(lead) + 1, after.index(lead) + 1) for lead in after[:top]
                if lead not in before[:top]][:20]
    assert [(lead.lead_id, lead.rank_first, lead.rank_second) for lead in told.entering] == expected
    assert all(lead.rank_first <= top < lead.rank_second for lead in told.leaving)


def test_a_version_agrees_with_itself(twice, admin):
    same = _compare(twice, admin, "2", "2")
    assert (same.rank_correlation, same.overlap, same.moved) == (pytest.approx(1), 1, 0)
    assert same.measured_on_same_leads
    assert any("same score" in note for note in same.notes)


def test_figures_stand_side_by_side_and_say_when_leads_differ(twice, admin):
    both = _compare(twice, admin)
    assert both.measured_on_same_leads
    assert set(both.metrics["roc_auc"]) == {"first", "second"}
    with write(twice.engine) as session:
        row = model_rows.find(session, 1, 2)
        row.report = row.report | {"split": row.report["split"] | {"test_rows": 7}}
        session.add(row)
    other = _compare(twice, admin)
    assert not other.measured_on_same_leads
    assert any("different leads" in note for note in other.notes)


def test_names_are_for_those_who_may_see_them(twice, admin, viewer):
    assert all(lead.name for lead in _compare(twice, admin).entering)
    hidden = _compare(twice, viewer)
    assert hidden.moved and all(lead.name is None for lead in (*hidden.entering, *hidden.leaving))


def test_scoring_in_portions_changes_nothing(twice, admin, monkeypatch):
    whole = _compare(twice, admin)
    monkeypatch.setattr(comparing, "CHUNK", 37)
    monkeypatch.setattr(comparison, "SCATTER_POINTS", 100)
    parts = _compare(twice, admin)
    assert parts.as_dict() == whole.as_dict()
    assert len(parts.points) == 99
    assert set(parts.points["lead_id"]) <= set(whole.points["lead_id"])


def _decide(workbench, actor, won, lost):
    view = delivery.ListView(outcomes=("new", "contacted", "qualified", "engaged", "opportunity"), page_size=1_000)
    open_leads = delivery.list_leads(workbench, actor, client=CLIENT, view=view).frame["lead_id"].tolist()
    assert len(open_leads) >= won + lost
    for stage, chosen in (("converted", open_leads[:won]), ("lost", open_leads[won:won + lost])):
        dossier.record_outcome(workbench, actor, client=CLIENT, lead_ids=chosen, stage=stage)
    return open_leads[:won + lost]


def test_leads_decided_since_judge_both(twice, admin):
    assert _compare(twice, admin).same_leads is None
    later = _tomorrow(twice)
    _decide(later, admin, 20, 19)
    few = _compare(later, admin)
    assert few.same_leads is None
    assert any("20 converted and 19 lost" in note for note in few.notes)
    _decide(later, admin, 0, 1)
    judged = _compare(later, admin).same_leads
    assert (judged.leads, judged.converted) == (40, 20)
    figure = judged.figures["average_precision"]
    assert figure.difference.value == pytest.approx(figure.second - figure.first)
    assert figure.difference.low <= figure.difference.value <= figure.difference.high


def test_an_empty_store_has_nothing_to_rank(workbench, admin):
    data = leads_file(100, status="Closed Won") + leads_file(100, status="Closed Lost").split(b"\n", 1)[1]
    for _ in range(2):
        training.train_file(workbench, admin, client=CLIENT, source=data, filename="t.csv", request=training
                            .TrainingRequest(target="Lead Status", algorithm="logistic", balance="none"))
    empty = _compare(workbench, admin)
    assert (empty.leads, empty.top, empty.overlap, empty.rank_correlation, empty.entering) == (0, 0, None, None, ())
    assert any("No leads are stored" in note for note in empty.notes)


def test_unknown_versions_and_other_clients_are_refused(twice, admin):
    with pytest.raises(NotFound):
        _compare(twice, admin, "1", "9")
    with pytest.raises(NotFound):
        compare_models(twice, admin, client="globex", first="1", second="2")


def test_every_answer_is_plain(twice, admin):
    plain = _compare(twice, admin).as_dict()
    assert not [name for name, value in plain.items() if isinstance(value, np.generic)]
    assert "points" not in plain
