import json

import numpy as np
import pandas as pd
import pytest

from leadscore.modeling.encoding import Design, Encoder, fit_design, fit_encoder, means_codes
from leadscore.schema import Kind
from tests.modeling.samples import KINDS, make_leads


def levels_of(encoder, name):
    return next(plan.vocabulary for plan in encoder.plans if plan.name == name)


def test_rare_values_become_other_and_new_values_are_counted():
    frame = pd.DataFrame({"c": ["a"] * 50 + ["b"] * 30 + ["rare"] * 2 + [None]}, dtype="str")
    encoder = fit_encoder(frame, {"c": Kind.CATEGORY})
    assert levels_of(encoder, "c") == ("a", "b")
    encoded = encoder.encode(pd.DataFrame({"c": ["b", "rare", "new", None]}, dtype="str"))
    np.testing.assert_array_equal(encoded.codes.values[:, 0], [1, 2, 2, np.nan])
    assert encoded.unknown == {"c": 2}


def test_an_encoder_survives_json():
    leads, _ = make_leads()
    encoder = fit_encoder(leads, KINDS)
    again = Encoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    assert again == encoder
    np.testing.assert_array_equal(again.encode(leads).codes.values, encoder.encode(leads).codes.values)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1, 2, 3]),
        pd.Series([True, False, None], dtype="boolean"),
        pd.Series(["1", "x", None], dtype="str"),
        pd.Series([np.inf, -np.inf, 1e300]),
        pd.Series([1.5, None, 2], dtype="Float64"),
    ],
)
def test_numbers_of_any_dress_are_read(values):
    frame = pd.DataFrame({"n": values})
    codes = fit_encoder(frame, {"n": Kind.NUMBER}).encode(frame).codes
    assert codes.values.dtype == np.float32
    assert not np.isinf(codes.values).any()


def test_region_codes_are_categories_and_counts_are_not():
    regions = pd.Series(np.arange(1000) % 40, dtype=float)
    assert means_codes(regions, "Region_Code")
    assert not means_codes(regions, "Visits")
    assert not means_codes(regions + 0.5, "Region_Code")
    encoder = fit_encoder(pd.DataFrame({"Region_Code": regions}), {"Region_Code": Kind.NUMBER})
    assert "28" in levels_of(encoder, "Region_Code")
    assert encoder.encode(pd.DataFrame({"Region_Code": ["28", "27"]}, dtype="str")).unknown == {}


def test_words_of_titles_become_columns_of_one_source():
    leads, _ = make_leads()
    encoder = fit_encoder(leads[["title"]], KINDS)
    assert {"sales", "head", "chief"} <= set(levels_of(encoder, "title"))
    assert set(encoder.owners) == {0}


def test_the_wide_matrix_and_the_terms_say_the_same():
    leads, _ = make_leads()
    codes = fit_encoder(leads, KINDS).encode(leads).codes
    design = fit_design(codes)
    weights = np.random.default_rng(0).normal(size=sum(design.widths))
    wide = design.wide(codes)
    np.testing.assert_allclose(wide @ weights, design.terms(codes, weights).sum(axis=1), atol=1e-4)
    assert len(design.owners) == wide.shape[1]
    again = Design.from_dict(json.loads(json.dumps(design.to_dict())))
    np.testing.assert_array_equal(again.terms(codes, weights), design.terms(codes, weights))


def test_a_typing_error_cannot_outweigh_everything():
    codes = fit_encoder(pd.DataFrame({"n": np.arange(100.0)}), {"n": Kind.NUMBER}).encode
    design = fit_design(codes(pd.DataFrame({"n": np.arange(100.0)})).codes)
    far = design.standardised(codes(pd.DataFrame({"n": [1e15, 150.0, 99.0]})).codes.values[:, 0], 0)
    assert far[0] < 6
    assert far[0] > far[1] > far[2]
