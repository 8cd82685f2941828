"""A model is trained again when enough is new, and the reason is told."""

from datetime import UTC, datetime, timedelta

import pytest

from leadscore.errors import InvalidRequest
from leadscore.modeling.retraining import History, RetrainingSettings, retraining_due

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ON = RetrainingSettings(on=True)


def _history(days, decided, learnt=400):
    return History(version=3, trained_at=NOW - timedelta(days=days, hours=1), now=NOW, learnt=learnt, decided=decided)


@pytest.mark.parametrize(("days", "decided", "due", "words"), [
    (1, 80, True, "80 new outcomes since version 3"), (1, 79, False, "80 are needed, or 14 more days"),
    (15, 50, True, "15 days old"), (14, 50, False, "1 more days"), (99, 49, False, "at least 50"),
    (99, 0, False, "0 new outcomes"), (0, 1_000, True, "1,000 new outcomes"),
])
def test_days_or_a_share_of_new_outcomes_make_it_due_and_some_outcomes_are_always_needed(days, decided, due, words):
    found = retraining_due(ON, _history(days, decided))
    assert found.due is due
    assert words in found.sentence
    assert found.sentence.startswith("Due" if due else "Not due")


def test_few_leads_learnt_from_do_not_make_a_handful_enough():
    assert not retraining_due(ON, _history(1, 40, learnt=100)).due


def test_what_is_off_or_has_no_model_is_never_due():
    assert not retraining_due(RetrainingSettings(), _history(99, 999)).due
    assert "no model" in retraining_due(ON, None).sentence


@pytest.mark.parametrize("changes", [{"days": 0}, {"days": 999}, {"share": 0.0}, {"share": 1.5}, {"least": 0},
                                     {"share": float("nan")}])
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(InvalidRequest):
        RetrainingSettings.from_dict(changes)


def test_settings_survive_the_store():
    settings = RetrainingSettings(on=True, days=7, share=0.5, least=10)
    assert RetrainingSettings.from_dict(settings.to_dict() | {"unknown": 1}) == settings
    assert RetrainingSettings.from_dict({}) == RetrainingSettings()


@pytest.mark.parametrize(("wanted", "drifted", "decided", "due"), [
    (True, True, 60, True), (False, True, 60, False), (True, False, 60, False), (True, True, 49, False)])
def test_drift_makes_it_due_where_that_is_wanted_and_enough_is_new(wanted, drifted, decided, due):
    now = datetime(2026, 11, 21, tzinfo=UTC)
    history = History(version=3, trained_at=now, now=now, learnt=1_000, decided=decided, drifted=drifted)
    found = retraining_due(RetrainingSettings(on=True, on_drift=wanted), history)
    assert found.due is due
    assert ("newer leads differ from those version 3" in found.sentence) is due
