import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from leadscore.errors import InvalidRequest
from leadscore.modeling import algorithms, training
from leadscore.modeling.evaluation import roc_auc
from leadscore.modeling.report import TrainingReport
from leadscore.modeling.training import TrainingOptions, train
from leadscore.schema import Kind
from tests.modeling.samples import KINDS, make_leads, train_small
from tests.shared_data import shared_file

ALGORITHMS = ["logistic", "xgboost", "forest"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("balance", ["none", "weights", "smote"])
def test_base_and_contributions_add_up_to_the_logit(algorithm, balance):
    model = train_small(algorithm, balance)
    leads, _ = make_leads(400, seed=5)
    leads.loc[leads.index[:20], "source"] = "Never seen"
    leads.loc[leads.index[10:30], "visits"] = 1e12
    prediction = model.predict(leads)
    total = prediction.base + prediction.contributions.to_numpy(dtype=float).sum(axis=1)
    assert np.abs(total - logit(prediction.probability)).max() < 1e-4
    assert prediction.contributions.index.equals(leads.index)
    assert np.abs(prediction.contributions.to_numpy()).sum() > 10


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_model_learns_what_decides(algorithm):
    model = train_small(algorithm, rows=1200)
    leads, outcome = make_leads(1000, seed=9)
    assert roc_auc(outcome.to_numpy(), model.predict(leads).probability) > 0.72
    assert list(model.report.importance)[-1] != "visits"
    assert next(iter(model.report.importance)) in {"visits", "source", "demo"}


def test_the_same_seed_gives_the_same_probabilities():
    leads, _ = make_leads(300, seed=3)
    first, second = (train_small("xgboost", "smote").predict(leads).probability for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("balance", ["none", "smote"])
def test_probabilities_are_calibrated_after_any_balancing(balance):
    leads, outcome = make_leads(3000)
    rare = (outcome == 0) | (np.arange(3000) % 4 == 0)
    options = TrainingOptions(algorithm="xgboost", balance=balance)
    model = train(leads[rare], KINDS, outcome[rare], options=options)
    fresh, ends = make_leads(3000, seed=7)
    rare = (ends == 0) | (np.arange(3000) % 4 == 0)
    assert model.predict(fresh[rare]).probability.mean() == pytest.approx(ends[rare].mean(), abs=0.03)


def test_test_leads_do_not_change_what_is_chosen_or_measured_by(monkeypatch):
    """Turning the outcomes of the latest fifth around may change the figures, nothing learnt before them."""
    fitted = []
    original = algorithms.fit

    def spy(algorithm, codes, y, balance, **parts):
        fitted.append((len(codes), float(y.sum())))
        return original(algorithm, codes, y, balance, **parts)

    monkeypatch.setattr(training.algorithms, "fit", spy)
    leads, outcome = make_leads(600)
    times = pd.Series(np.arange(600), index=leads.index)
    seen = []
    for flipped in (False, True):
        ends = outcome.copy()
        if flipped:
            ends.iloc[480:] = 1 - ends.iloc[480:]
        fitted.clear()
        model = train(leads, KINDS, ends, times=times, options=TrainingOptions(algorithm="logistic", balance="none"))
        seen.append((list(fitted[:-1]), model.held_out["probability"].tolist()))
        assert max(rows for rows, _ in fitted[:-1]) == 480
        assert fitted[-1][0] == 600
        assert list(model.held_out.index) == list(leads.index[480:])
    assert seen[0] == seen[1]


def test_leads_without_an_outcome_are_left_out():
    leads, outcome = make_leads(700)
    outcome.iloc[:100] = np.nan
    model = train(leads, KINDS, outcome, options=TrainingOptions(algorithm="logistic"))
    assert model.report.data["rows"] == 600
    assert model.report.split["train_rows"] + model.report.split["test_rows"] == 600


def test_missing_and_extra_columns_and_new_values_are_reported():
    model = train_small("logistic")
    leads, _ = make_leads(50, seed=2)
    leads["source"] = "Never seen"
    prediction = model.predict(leads.drop(columns="visits").assign(extra=1))
    assert prediction.missing_columns == ("visits",)
    assert prediction.unknown == {"source": 50}
    assert np.isfinite(prediction.probability).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_leads_give_no_probabilities(algorithm):
    leads, _ = make_leads(5)
    prediction = train_small(algorithm).predict(leads.iloc[:0])
    assert len(prediction.probability) == 0
    assert prediction.contributions.shape == (0, 6)


def test_a_lead_alone_gets_the_probability_it_gets_among_others():
    leads, _ = make_leads(30, seed=4)
    model = train_small("xgboost")
    together = model.predict(leads).probability
    assert model.predict(leads.iloc[7:8]).probability[0] == together[7]


def test_too_few_outcomes_are_refused_with_their_counts():
    leads, outcome = make_leads(300)
    outcome[outcome == 1] = np.nan
    outcome.iloc[:39] = 1
    with pytest.raises(InvalidRequest, match="39 converted") as refusal:
        train(leads, KINDS, outcome)
    assert refusal.value.code == "too_few_outcomes"


def test_few_outcomes_get_a_simple_model_and_a_warning():
    leads, outcome = make_leads(300)
    report = train(leads, KINDS, outcome).report
    assert [candidate["algorithm"] for candidate in report.candidates] == ["logistic"]
    assert any("simple model" in warning for warning in report.warnings)
    assert report.verdict == "use with care"


def test_auto_compares_candidates_and_marks_one():
    leads, outcome = make_leads(900)
    report = train(leads, KINDS, outcome).report
    assert {c["algorithm"] for c in report.candidates} == {str(name) for name in algorithms.Algorithm} - {"neural"}
    assert [c["algorithm"] for c in report.candidates if c["chosen"]] == [report.algorithm] == ["logistic"]
    assert report.verdict == "ready"


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_called_not_better_than_chance(seed):
    rng = np.random.default_rng(seed)
    leads = pd.DataFrame(rng.normal(size=(800, 5)), columns=list("abcde"))
    outcome = pd.Series((rng.random(800) < 0.3).astype(float))
    report = train(leads, dict.fromkeys("abcde", Kind.NUMBER), outcome).report
    assert report.verdict == "not better than chance"


def test_a_moved_base_rate_is_warned_about():
    leads, outcome = make_leads(2000)
    late = np.arange(2000) >= 1600
    kept = ~late | (outcome.to_numpy() == 1) | (np.arange(2000) % 4 == 0)
    times = pd.Series(np.arange(2000), index=leads.index)[kept]
    model = train(
        leads[kept], KINDS, outcome[kept], times=times, options=TrainingOptions(algorithm="logistic", balance="none")
    )
    assert any("moved" in warning for warning in model.report.warnings)
    assert model.report.split["kind"] == "forward"


def test_a_leaking_column_is_set_aside_unless_kept():
    leads, outcome = make_leads(600)
    leads["tags"] = np.where(outcome == 1, "will pay", "ringing")
    leads["tag_length"] = leads["tags"].str.len().astype(float) + np.arange(600) % 7
    kinds = KINDS | {"tags": Kind.CATEGORY, "tag_length": Kind.NUMBER}
    sources = {"tag_length": ("tags",)}
    simple = {"algorithm": "logistic", "balance": "none"}
    model = train(leads, kinds, outcome, sources=sources, options=TrainingOptions(**simple))
    assert {f["column"] for f in model.report.set_aside} == {"tags", "tag_length"}
    assert "tags" not in model.columns
    effects = {finding["column"]: finding["effect"] for finding in model.report.set_aside}
    assert effects["tags"]["roc_auc"]["with"] > 0.98 > effects["tags"]["roc_auc"]["without"]
    kept = train(leads, kinds, outcome, labels={"tags": "Tags"}, options=TrainingOptions(keep=("TAGS",), **simple))
    assert "tags" in kept.columns
    assert kept.report.metrics["roc_auc"].value > 0.95
    assert any("too good" in warning for warning in kept.report.warnings)
    assert "tags" in {f["column"] for f in kept.report.suspects}


def test_a_date_after_the_outcome_is_set_aside_unless_its_header_is_kept():
    leads, outcome = make_leads(400)
    closed = pd.Series(pd.Timestamp("2026-05-01", tz="UTC"), index=leads.index)
    days = np.where(np.arange(400) % 2, 5, -5)
    parts = {"sources": {"noise": ("custom:Offer sent",)}, "labels": {"noise": "Days since Offer sent"},
             "moments": closed, "dates": pd.DataFrame({"noise": closed + pd.to_timedelta(days, "D")})}
    model = train(leads, KINDS, outcome, options=TrainingOptions(algorithm="logistic"), **parts)
    (finding,) = model.report.set_aside
    assert (finding["column"], finding["code"]) == ("noise", "later_than_outcome")
    wish = TrainingOptions(algorithm="logistic", keep=("offer sent",))
    kept = train(leads, KINDS, outcome, options=wish, **parts)
    assert "noise" in kept.columns
    assert [finding["code"] for finding in kept.report.suspects] == ["later_than_outcome"]


def test_a_column_of_one_value_that_is_kept_is_no_suspect():
    leads, outcome = make_leads(400)
    wish = TrainingOptions(algorithm="logistic", balance="none", keep=("source",))
    kept = train(leads.assign(source="Web"), KINDS, outcome, options=wish)
    assert "source" in kept.columns
    assert not kept.report.suspects
    assert not any("known before" in warning for warning in kept.report.warnings)


def test_dropping_a_column_drops_what_is_computed_from_it():
    leads, outcome = make_leads(400)
    model = train(
        leads, KINDS, outcome, sources={"noise": ("income",)}, labels={"income": "Annual income"},
        options=TrainingOptions(algorithm="logistic", drop=("annual INCOME",)),
    )  # fmt: skip
    assert set(model.columns) == {"visits", "source", "demo", "title"}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (TrainingOptions(algorithm="quantum"), "unknown_option"),
        (TrainingOptions(balance="luck"), "unknown_option"),
        (TrainingOptions(drop=("Nowhere",)), "unknown_column"),
        (TrainingOptions(drop=tuple(KINDS)), "no_usable_column"),
    ],
)
def test_impossible_wishes_are_refused(options, code):
    leads, outcome = make_leads(300)
    with pytest.raises(InvalidRequest) as refusal:
        train(leads, KINDS, outcome, options=options)
    assert refusal.value.code == code


def test_progress_may_stop_a_training():
    class Stop(Exception):
        pass

    fractions = []

    def stop(fraction, message):
        fractions.append(fraction)
        if len(fractions) == 3:
            raise Stop

    leads, outcome = make_leads(300)
    with pytest.raises(Stop):
        train(leads, KINDS, outcome, progress=stop)
    assert fractions == sorted(fractions)


def test_the_report_is_plain_and_complete():
    model = train_small("logistic")
    plain = json.loads(json.dumps(model.report.to_dict(), allow_nan=False))
    assert TrainingReport.from_dict(plain).to_dict() == plain
    assert {"roc_auc", "average_precision", "brier", "log_loss", "calibration_error", "capture_at_20", "lift_at_20",
            "precision_at_20"} <= set(plain["metrics"])  # fmt: skip
    assert len(plain["data"]["fingerprint"]) == 64


def test_inputs_are_not_changed():
    leads, outcome = make_leads(300)
    before = leads.copy(deep=True), outcome.copy(deep=True)
    train(leads, KINDS, outcome, options=TrainingOptions(algorithm="xgboost", balance="smote"))
    pd.testing.assert_frame_equal(leads, before[0])
    pd.testing.assert_series_equal(outcome, before[1])


def test_bank_calls_in_order_of_time_choose_the_model_that_carries_forward():
    frame = pd.read_csv(shared_file("bank_additional_full.csv"), sep=";").iloc[::3].reset_index(drop=True)
    outcome = (frame.pop("y") == "yes").astype(float)
    frame = frame.drop(columns="duration")
    kinds = {c: Kind.NUMBER if pd.api.types.is_numeric_dtype(frame[c]) else Kind.CATEGORY for c in frame}
    report = train(frame, kinds, outcome, times=pd.Series(np.arange(len(frame)))).report
    assert report.algorithm == "logistic"
    assert report.metrics["capture_at_20"].value >= 0.35
    assert report.metrics["roc_auc"].value >= 0.70
    assert any("moved" in warning for warning in report.warnings)


@pytest.mark.parametrize("algorithm", ["logistic", "xgboost"])
def test_what_is_kept_of_the_test_leads_was_said_before_they_were_learnt_from(algorithm):
    model = train_small(algorithm)
    said, leads = model.unseen, make_leads(600)[0]
    assert said.contributions.index.equals(model.held_out.index)
    assert said.probability.tolist() == model.held_out["probability"].tolist()
    total = said.base + said.contributions.to_numpy(dtype=float).sum(axis=1)
    assert np.abs(total - logit(said.probability)).max() < 1e-4
    assert np.abs(said.probability - model.predict(leads.loc[model.held_out.index]).probability).max() > 1e-3


def test_of_many_test_leads_a_part_is_kept_always_the_same(monkeypatch):
    monkeypatch.setattr(training, "KEPT_ROWS", 30)
    first, second = (train_small("logistic").unseen.contributions.index for _ in range(2))
    assert len(first) == 30
    assert first.equals(second)
    assert first.is_monotonic_increasing
