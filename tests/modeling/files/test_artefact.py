import json
import re
from dataclasses import replace

import pytest

from leadscore.errors import TamperedData
from leadscore.modeling.algorithms import Algorithm, fit
from leadscore.modeling.balancing import Balance
from leadscore.modeling.files.artefact import MAX_BYTES, from_files, library_differences, to_files
from leadscore.schema import MadeFeature
from tests.modeling.samples import KINDS, make_leads, train_small


@pytest.fixture(scope="module")
def trees():
    return train_small("xgboost")


@pytest.fixture(scope="module")
def plain():
    return train_small("logistic")


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_model_read_back_predicts_the_same_bits(plain, algorithm):
    fitting, outcome = make_leads(400)
    codes, y = plain.encoder.encode(fitting).codes, outcome.to_numpy()
    estimator = fit(algorithm, codes, y, Balance.NONE, random_state=0)
    model = replace(plain, algorithm=algorithm, estimator=estimator)
    files = to_files(model)
    again = from_files(files)
    leads, _ = make_leads(300, seed=8)
    then, now = model.predict(leads), again.predict(leads)
    assert (then.probability == now.probability).all()
    assert (then.contributions.to_numpy() == now.contributions.to_numpy()).all()
    assert then.base == now.base
    assert again.report.to_dict() == json.loads(json.dumps(model.report.to_dict()))
    assert to_files(again) == files


def test_files_never_hold_addresses_numbers_or_rare_values():
    from leadscore.modeling.training import TrainingOptions, train
    from leadscore.schema import Kind

    leads, outcome = make_leads(600)
    leads["contact"] = ["anna@example.org", "+49 151 2345678", "common"] * 200
    leads["city"] = ["Town"] * 597 + ["Hamlet"] * 3
    kinds = KINDS | {"contact": Kind.CATEGORY, "city": Kind.CATEGORY}
    text = b"".join(to_files(train(leads, kinds, outcome, options=TrainingOptions(algorithm="logistic"))).values())
    assert not re.search(rb"@example|2345678|Hamlet", text)
    assert b"common" in text


def _change(files, **changes):
    state = json.loads(files["model.json"])
    return files | {"model.json": json.dumps(state | changes).encode()}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda files: {},
        lambda files: {"model.json": files["model.json"]},
        lambda files: files | {"model.pkl": b"x"},
        lambda files: files | {"model.json": b"\x80\x04pickle"},
        lambda files: files | {"model.json": b"[" * 100_000},
        lambda files: files | {"model.json": b" " * (MAX_BYTES["model.json"] + 1)},
        lambda files: _change(files, version=99),
        lambda files: _change(files, algorithm="quantum"),
        lambda files: _change(files, encoder={"plans": [["a", "number", []]]}),
        lambda files: _change(files, encoder={"plans": [["a", "eval", []]]}),
        lambda files: _change(files, calibration={}),
    ],
)
def test_files_that_are_not_a_model_are_refused(trees, spoil):
    with pytest.raises(TamperedData):
        from_files(spoil(to_files(trees)))


def test_another_library_version_is_named(trees):
    assert library_differences(trees.report) == ()
    trees.report.libraries["numpy"] = "1.0"
    assert "numpy 1.0 then" in library_differences(trees.report)[0]


def test_a_model_keeps_the_formulas_it_learnt_and_old_files_read_as_none(plain):
    made = (MadeFeature("depth", "Depth", "page_views / website_visits", "behavioural"),)
    assert from_files(to_files(replace(plain, made=made))).made == made
    # a model without any writes the same bytes as before there were any
    assert b'"made"' not in to_files(plain)["model.json"]
    assert from_files(to_files(plain)).made == ()
