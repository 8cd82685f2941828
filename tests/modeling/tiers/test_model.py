"""A model of three tiers comes near the best that can be had, is honest about its confidence, and explains itself."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from leadscore.errors import InvalidRequest, TamperedData
from leadscore.modeling.algorithms import fitting
from leadscore.modeling.balancing import Balance
from leadscore.modeling.files.artefact import MODEL_FILE, TREES_FILE, from_files, to_files
from leadscore.modeling.report import TrainingReport, Verdict
from leadscore.modeling.tiers import model as three_tiers
from leadscore.modeling.tiers import training as tier_training
from leadscore.modeling.tiers.evaluation import TIERS
from leadscore.modeling.tiers.model import Preference
from leadscore.modeling.tiers.target import tier_target
from leadscore.modeling.tiers.training import train_tiers
from leadscore.modeling.training import TrainingOptions
from leadscore.sample.investors import HEADERS, make_investors
from leadscore.schema import Kind
from tests.modeling.samples import KINDS, make_leads
from tests.shared_data import shared_file

INVESTOR_KINDS = {name: Kind.NUMBER for name in HEADERS}


@pytest.fixture(scope="module")
def model():
    made = make_investors(4_000, 1)
    return train_tiers(made.leads[list(HEADERS)], INVESTOR_KINDS, tier_target(made.leads["tier"]),
                       options=TrainingOptions(balance="smote"))  # fmt: skip


@pytest.fixture(scope="module")
def fresh():
    return make_investors(5_000, 2)


@pytest.fixture(scope="module")
def told(model, fresh):
    return model.predict(fresh.leads)


def small_leads(rows=400, seed=0):
    """Leads with every kind of column, gaps included, in three tiers that follow from them."""
    leads, _ = make_leads(rows, seed)
    worth = leads["visits"].fillna(4) / 2 + 2 * (leads["source"] == "Referral") + leads["demo"]
    worth = worth + np.random.default_rng(seed).normal(0, 0.5, rows)
    place = worth.rank(pct=True)
    return leads, pd.Series(np.where(place > 0.85, "High", np.where(place > 0.4, "Medium", "Low")), index=leads.index)


def train_quickly(monkeypatch, leads, tiers, **options):
    monkeypatch.setattr(tier_training, "BOOTSTRAP_DRAWS", 20)
    monkeypatch.setattr(three_tiers.fit_tier_trees, "__kwdefaults__", {"rounds": 60})
    parts = {name: options.pop(name) for name in ("times", "groups", "labels") if name in options}
    kinds = {name: kind for name, kind in KINDS.items() if name in leads}
    return train_tiers(leads, kinds, tier_target(tiers), options=TrainingOptions(**options), **parts)


# --- the figures to reach -----------------------------------------------------------------------------------


def test_it_is_right_nearly_as_often_as_anybody_could_be(told, fresh):
    chances = fresh.chances.to_numpy()
    given = fresh.chances.columns.get_indexer(pd.Index(told.tier))
    assert chances[np.arange(len(given)), given].mean() >= 0.97 * fresh.best_accuracy


def test_it_overlooks_few_leads_of_any_tier(told, fresh):
    recalls = [(told.tier[fresh.leads["tier"] == tier] == tier).mean() for tier in TIERS]
    assert recalls[0] >= 0.82
    assert np.mean(recalls) >= 0.84


def test_the_nine_scenarios_are_answered_as_given(model):
    scenarios = pd.read_csv(shared_file("three_tier_scenarios.csv"))
    answer = model.predict(scenarios)
    assert answer.tier.tolist() == scenarios["expected_tier"].tolist()
    clear = scenarios["seed_confidence"] > 0.99
    assert answer.confidence[clear].min() > answer.confidence[~clear].min()


def test_what_was_measured_in_training_holds_for_new_leads(model, told, fresh):
    right = (told.tier.to_numpy(dtype=object) == fresh.leads["tier"].to_numpy(dtype=object)).mean()
    figure = model.report.metrics["accuracy"]
    assert figure.low - 0.01 <= right <= figure.high + 0.01


def test_confidence_is_as_high_as_it_is_right(told, fresh):
    right = told.tier.to_numpy(dtype=object) == fresh.leads["tier"].to_numpy(dtype=object)
    for part in np.array_split(np.argsort(told.confidence.to_numpy()), 8):
        assert right[part].mean() == pytest.approx(told.confidence.to_numpy()[part].mean(), abs=0.07)


# --- what it says of leads ----------------------------------------------------------------------------------


def test_chances_add_up_and_the_probability_is_that_of_high(told):
    np.testing.assert_allclose(told.tiers.sum(axis=1), 1.0)
    np.testing.assert_allclose(told.tiers["High"], told.probability)
    assert list(told.tiers.columns) == list(TIERS)


def test_base_and_contributions_add_up_to_the_log_odds_of_high(told):
    np.testing.assert_allclose(told.base + told.contributions.sum(axis=1), logit(told.probability), atol=1e-6)


def test_without_contributions_the_answer_is_the_same(model, fresh, told):
    plain = model.predict(fresh.leads, contributions=False)
    assert plain.contributions is None
    np.testing.assert_array_equal(plain.probability, told.probability)


def test_a_lead_is_told_the_same_alone_and_among_others(model, fresh, told):
    alone = model.predict(fresh.leads.iloc[[7]])
    assert alone.probability[0] == told.probability[7]
    pd.testing.assert_frame_equal(alone.contributions, told.contributions.iloc[[7]])


def test_no_leads_get_no_answer(model, fresh):
    nothing = model.predict(fresh.leads.iloc[:0])
    assert len(nothing.probability) == len(nothing.tiers) == len(nothing.tier) == len(nothing.contributions) == 0


def test_a_missing_column_is_reported(model, fresh):
    answer = model.predict(fresh.leads.drop(columns="income").head())
    assert answer.missing_columns == ("income",)
    assert answer.tiers.notna().all(axis=None)


@pytest.mark.parametrize(("lean", "given"), [(0.0, [1, 1, 2]), (1.0, [0, 1, 2])])
def test_a_rare_tier_is_given_sooner_the_more_it_is_leaned_to(lean, given):
    chances = np.array([[0.3, 0.5, 0.2], [0.05, 0.5, 0.45], [0.0, 0.49, 0.51]])
    assert Preference(lean, (0.1, 0.5, 0.4)).give(chances).tolist() == given


# --- its report ---------------------------------------------------------------------------------------------


def test_the_report_tells_every_tier_with_its_label_and_intervals(model):
    report = model.report
    assert [part["tier"] for part in report.classes] == list(TIERS)
    assert [part["label"] for part in report.classes] == ["High", "Medium", "Low"]
    assert sum(map(sum, report.tier_confusion)) == report.split["test_rows"] == sum(p["rows"] for p in report.classes)
    for name in ("roc_auc", "average_precision", "capture_at_20", "lift_at_20", "precision_at_20", "calibration_error",
                 "accuracy", "macro_recall", "high_recall", "tier_log_loss", "confidence_error"):
        figure = report.metrics[name]
        assert figure.low <= figure.value <= figure.high
    assert report.verdict == Verdict.READY
    assert not report.set_aside
    assert not report.suspects
    assert set(report.effect_curves) <= set(HEADERS)
    assert {"income", "credit_score", "website_visits"} <= set(list(report.importance)[:5])


def test_the_report_survives_its_plain_form(model):
    state = json.loads(json.dumps(model.report.to_dict()))
    assert TrainingReport.from_dict(state).to_dict() == state


# --- how it is kept -----------------------------------------------------------------------------------------


def test_a_model_read_back_answers_bit_for_bit(model, fresh, told):
    files = to_files(model)
    again = from_files(files)
    assert to_files(again) == files
    answer = again.predict(fresh.leads)
    np.testing.assert_array_equal(answer.probability, told.probability)
    pd.testing.assert_frame_equal(answer.tiers, told.tiers)
    pd.testing.assert_frame_equal(answer.contributions, told.contributions)
    pd.testing.assert_series_equal(answer.tier, told.tier)


@pytest.mark.parametrize("change", [
    {"labels": ["High", "Low"]},
    {"estimator": {"base": [0.0, 1.0]}},
    {"calibration": {"slope": 1.0, "offsets": [0.0]}},
    {"calibration": {"slope": 1.0}},
    {"preference": {"lean": 0.5, "shares": [0.1, 0.9]}},
    {"encoder": {"plans": [["income", "number", []]]}},
])
def test_parts_that_do_not_fit_together_are_refused(model, change):
    files = to_files(model)
    state = json.loads(files[MODEL_FILE]) | change
    with pytest.raises(TamperedData):
        from_files({**files, MODEL_FILE: json.dumps(state).encode()})


def test_a_model_without_its_trees_is_refused(model):
    files = to_files(model)
    files.pop(TREES_FILE)
    with pytest.raises(TamperedData):
        from_files(files)


# --- how it is trained --------------------------------------------------------------------------------------


def test_with_and_without_smote_are_compared_and_one_is_chosen(monkeypatch):
    model = train_quickly(monkeypatch, *small_leads(300))
    assert [part["balance"] for part in model.report.candidates] == ["none", "smote"]
    assert [part["chosen"] for part in model.report.candidates].count(True) == 1
    assert all({"accuracy", "macro_recall", "high_recall", "roc_auc"} <= part.keys() for part in
               model.report.candidates)


def test_smote_sees_only_rows_being_fitted(monkeypatch):
    seen = []
    original = fitting.Plan.rebalance

    def spy(plan, codes, y):
        if plan.balance is Balance.SMOTE:
            seen.append({row.tobytes() for row in codes.values})
        return original(plan, codes, y)

    monkeypatch.setattr(fitting.Plan, "rebalance", spy)
    leads, tiers = small_leads(300)
    model = train_quickly(monkeypatch, leads, tiers, balance="smote")
    tested = model.encoder.encode(leads.loc[model.held_out.index]).codes.values
    hidden = {row.tobytes() for row in tested}
    assert len(seen) >= 5
    # the last fit is the one on all leads, after everything was measured
    assert not any(hidden & rows for rows in seen[:-1])
    assert all(len(rows) <= 0.8 * 0.8 * 300 + 5 for rows in seen[:-2])


def test_every_kind_of_column_is_learnt_from_and_explained(monkeypatch):
    leads, tiers = small_leads(400)
    model = train_quickly(monkeypatch, leads, tiers, balance="none")
    told = model.predict(leads)
    assert set(model.columns) == set(KINDS)
    np.testing.assert_allclose(told.base + told.contributions.sum(axis=1), logit(told.probability), atol=1e-6)
    assert set(list(model.report.importance)[:2]) == {"visits", "source"}


def test_leads_without_a_tier_are_left_out(monkeypatch):
    leads, tiers = small_leads(300)
    model = train_quickly(monkeypatch, leads, tiers.where(np.arange(300) >= 30), balance="none")
    assert model.report.data["rows"] == 270
    assert not set(model.held_out.index) & set(leads.index[:30])


def test_with_a_date_it_is_measured_on_the_latest_leads(monkeypatch):
    leads, tiers = small_leads(300)
    times = pd.Series(np.arange(300), index=leads.index)
    model = train_quickly(monkeypatch, leads, tiers, balance="none", times=times)
    assert model.report.split["kind"] == "forward"
    assert times[model.held_out.index].min() == 240


def test_tiers_that_follow_from_nothing_are_called_chance(monkeypatch):
    leads, tiers = small_leads(300)
    mixed = pd.Series(np.random.default_rng(3).permutation(tiers.to_numpy()), index=tiers.index)
    assert train_quickly(monkeypatch, leads, mixed, balance="none").report.verdict == Verdict.CHANCE


def test_a_copy_of_the_tier_is_set_aside_and_a_telling_column_is_not(monkeypatch):
    leads, tiers = small_leads(300)
    leads = leads.assign(title=tiers.map({"High": "Best", "Medium": "Good", "Low": "Poor"}).astype("str"))
    report = train_quickly(monkeypatch, leads, tiers, balance="none").report
    assert [finding["column"] for finding in report.set_aside] == ["title"]


@pytest.mark.parametrize(("options", "code"), [
    ({"algorithm": "logistic"}, "not_available"),
    ({"balance": "magic"}, "unknown_option"),
])
def test_what_cannot_be_done_is_refused(options, code):
    leads, tiers = small_leads(300)
    with pytest.raises(InvalidRequest) as refusal:
        train_tiers(leads, KINDS, tier_target(tiers), options=TrainingOptions(**options))
    assert refusal.value.code == code
