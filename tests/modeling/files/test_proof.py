"""The proof of a model says whether it still answers as it did, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest

from leadscore.modeling.calibration import Calibration
from leadscore.modeling.encoding import ColumnPlan, Encoder
from leadscore.modeling.files.artefact import from_files, to_files
from leadscore.modeling.files.proof import PROOF_LEADS, STRANGER, made_up_leads, proof_of
from tests.modeling.samples import train_small

ENCODER = Encoder((ColumnPlan("visits", "number"), ColumnPlan("source", "levels", ("Web", "Fair")),
                   ColumnPlan("title", "tokens", ("head", "sales"))))
FIRST_NUMBERS = [3520.0, 22.375, -0.625, 1168.0, 640.0, -0.625]


@pytest.fixture(scope="module")
def logistic():
    return train_small("logistic")


@pytest.mark.parametrize("algorithm", ["logistic", "xgboost", "forest"])
def test_a_model_read_back_has_the_same_proof(algorithm):
    model = train_small(algorithm)
    assert proof_of(from_files(to_files(model))) == proof_of(model)


def test_the_smallest_change_of_an_answer_changes_the_proof(logistic):
    before = proof_of(logistic)
    slope = float(np.nextafter(logistic.calibration.slope, 9))
    assert proof_of(replace(logistic, calibration=Calibration(slope, logistic.calibration.offset))) != before
    assert proof_of(logistic) == before


def test_contributions_count_as_well_as_probabilities(logistic, monkeypatch):
    before, plain = proof_of(logistic), type(logistic).predict

    def spoilt(model, features, **more):
        answer = plain(model, features, **more)
        shares = answer.contributions.copy()
        # what one column gains another loses: the probability stays
        shares.iloc[7, 0] += 1
        shares.iloc[7, 1] -= 1
        return replace(answer, contributions=shares)

    monkeypatch.setattr(type(logistic), "predict", spoilt)
    assert proof_of(logistic) != before


def test_made_up_leads_visit_what_a_column_can_hold():
    leads = made_up_leads(ENCODER)
    assert len(leads) == PROOF_LEADS
    visits = leads["visits"]
    assert visits.isna().any() and np.isinf(visits).any() and (visits < 0).any() and (visits == 0).any()
    assert visits.nunique() > 200
    assert set(leads["source"].dropna()) == {"Web", "Fair", STRANGER}
    assert leads["source"].isna().any()
    assert {"head sales", "sales head", f"head {STRANGER}"} <= set(leads["title"].dropna())
    assert leads["title"].isna().any()


def test_made_up_leads_are_the_same_each_time_and_differ_by_column():
    assert made_up_leads(ENCODER).equals(made_up_leads(ENCODER))
    twins = made_up_leads(Encoder((ColumnPlan("a", "number"), ColumnPlan("b", "number"))))
    assert not twins["a"].equals(twins["b"])
    # noted once; another library must not draw other leads
    assert twins["a"].iloc[:6].tolist() == FIRST_NUMBERS
