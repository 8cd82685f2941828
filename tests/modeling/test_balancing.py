import numpy as np
import pytest

from leadscore.modeling import balancing, training
from leadscore.modeling.balancing import Balance, rebalance
from leadscore.modeling.encoding import fit_encoder
from tests.modeling.samples import KINDS, make_leads, train_small


def sample(rows=400):
    leads, _ = make_leads(rows)
    codes = fit_encoder(leads, KINDS).encode(leads).codes
    y = (np.arange(rows) % 8 == 0).astype(float)
    return codes, y


def test_smote_adds_leads_until_both_outcomes_are_equal_and_changes_none():
    codes, y = sample()
    more, outcome, weights = rebalance(codes, y, Balance.SMOTE, random_state=0)
    assert outcome.mean() == 0.5
    assert weights is None
    np.testing.assert_array_equal(more.values[: len(y)], codes.values)
    np.testing.assert_array_equal(outcome[: len(y)], y)


def test_synthetic_leads_lie_among_the_rare_ones():
    codes, y = sample()
    more, outcome, _ = rebalance(codes, y, Balance.SMOTE, random_state=0)
    rare, made = codes.values[y == 1], more.values[len(y) :]
    for column, size in enumerate(codes.sizes):
        assert np.nanmin(made[:, column]) >= np.nanmin(rare[:, column])
        assert np.nanmax(made[:, column]) <= np.nanmax(rare[:, column])
        if size:
            assert set(made[~np.isnan(made[:, column]), column]) <= set(rare[~np.isnan(rare[:, column]), column])


@pytest.mark.parametrize("positives", [0, 1, 2])
def test_smote_manages_with_hardly_any_rare_lead(positives):
    codes, y = sample(50)
    y[:] = 0
    y[:positives] = 1
    more, outcome, _ = rebalance(codes, y, Balance.SMOTE, random_state=0)
    assert len(more) == len(outcome) == (50 if positives < 2 else 96)


def test_weights_make_both_outcomes_count_the_same():
    codes, y = sample()
    _, _, weights = rebalance(codes, y, Balance.WEIGHTS, random_state=0)
    assert weights[y == 1].sum() == pytest.approx(weights[y == 0].sum())


def test_smote_sees_only_rows_being_fitted(monkeypatch):
    """Every resampling must be given fewer leads than there are: never those kept for judging or testing."""
    resampled = []
    original = balancing.rebalance

    def spy(codes, y, how, *, random_state):
        if how is Balance.SMOTE:
            resampled.append({row.tobytes() for row in codes.values})
        return original(codes, y, how, random_state=random_state)

    judged = []
    measured = training.evaluation.average_precision
    monkeypatch.setattr(balancing, "rebalance", spy)
    monkeypatch.setattr(training.evaluation, "average_precision", lambda y, m: judged.append(len(y)) or measured(y, m))
    model = train_small("xgboost", "smote", rows=600)
    leads, _ = make_leads(600)
    test_leads = leads.loc[model.held_out.index]
    before_refit = resampled[:-2]
    assert len(before_refit) >= 5
    hidden = {row.tobytes() for row in model.encoder.encode(test_leads).codes.values}
    assert not any(hidden & seen for seen in before_refit)
    assert all(len(seen) <= 600 * 0.8 for seen in before_refit)
    assert sum(judged) >= 480


def test_smote_brings_every_class_to_the_size_of_the_largest():
    codes, _ = sample()
    y = np.repeat([0.0, 1.0, 2.0], [40, 200, 160])
    more, outcome, weights = rebalance(codes, y, Balance.SMOTE, random_state=0)
    assert [int((outcome == tier).sum()) for tier in range(3)] == [200, 200, 200]
    assert weights is None
    np.testing.assert_array_equal(more.values[: len(y)], codes.values)
    np.testing.assert_array_equal(outcome[: len(y)], y)
    for tier in (0, 2):
        own, made = codes.values[y == tier], more.values[len(y) :][outcome[len(y) :] == tier]
        assert (np.nanmin(made, axis=0) >= np.nanmin(own, axis=0)).all()
        assert (np.nanmax(made, axis=0) <= np.nanmax(own, axis=0)).all()


def test_weights_make_three_classes_count_the_same():
    codes, _ = sample()
    y = np.repeat([0.0, 1.0, 2.0], [40, 200, 160])
    _, _, weights = rebalance(codes, y, Balance.WEIGHTS, random_state=0)
    assert [weights[y == tier].sum() for tier in range(3)] == pytest.approx([400 / 3] * 3)
