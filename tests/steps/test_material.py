"""What a model learns from: the outcome is apart from the leads, open leads are not lost, columns go by any name."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from leadscore.errors import InvalidRequest
from leadscore.ingest.mapping import as_mapping, map_headers
from leadscore.schema import CustomField, Kind
from leadscore.steps.material import (
    Material,
    columns_named,
    dates_of,
    features_of,
    from_file,
    from_store,
    groups_of,
    moments_of,
    target_columns,
    times_of,
)
from leadscore.steps.reading import read_file
from tests.services.conftest import HEADER, NOW, leads_file, row

pytestmark = pytest.mark.usefixtures("read_here")


@pytest.fixture
def labelled(workbench):
    def made(data: bytes, target: str, positive: str | None = None) -> Material:
        raw = read_file(workbench.settings, data, "leads.csv")
        mapping = as_mapping(map_headers(list(raw.frame.columns), raw.frame))
        return from_file(raw, mapping, target=target, positive=positive, now=NOW)

    return made


@pytest.fixture
def material() -> Material:
    leads = pd.DataFrame({
        "company": pd.array(["Acme GmbH", "ACME", "Zeta", None], dtype="str"),
        "industry": pd.array(["a", "b", "a", "b"], dtype="str"),
        "created_at": pd.to_datetime(["2026-01-04", "2026-01-01", "2026-01-03", "2026-01-02"], utc=True),
        "custom:Round": pd.array(["3", "1", "2", "x"], dtype="str"),
        "custom:Verdict": pd.array(["yes", "no", "yes", None], dtype="str"),
    }, index=pd.Index([7, 8, 9, 10], name="lead_id"))
    custom = (CustomField("Round", Kind.CATEGORY), CustomField("Verdict", Kind.CATEGORY))
    stages = pd.Series(["converted", "lost", "new", "qualified"], index=leads.index)
    return from_store(leads, stages, custom, headers={"industry": "Branche"}, target=None, positive=None)


# --- from a file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["Lead Status", "lead status", " LEAD_STATUS "])
def test_the_target_goes_by_its_header(labelled, target):
    material = labelled(leads_file(5, status="Closed Won"), target)
    assert material.target == "Lead Status"
    assert set(material.outcome) == {"Closed Won"}


def test_an_unknown_target_names_the_columns(labelled):
    with pytest.raises(InvalidRequest, match="Record ID") as refused:
        labelled(leads_file(5), "Sales")
    assert " and 6 more" in f"{refused.value} {refused.value.hint}"


def test_rejected_rows_have_no_outcome_but_keep_their_place(labelled):
    odd = leads_file(3, status="Closed Won") + (HEADER + row(9, status="Closed Lost")).encode()
    material = labelled(odd, "Lead Status")
    assert len(material.leads) == 5
    assert material.outcome.isna().tolist() == [False, False, False, True, False]


def test_the_outcome_is_no_feature_and_the_rest_is(labelled):
    material = labelled(leads_file(30), "Product interest", "Analytics")
    assert material.target_column == "custom:Product interest"
    features = features_of(material, NOW)
    sources = {source for spec in features.specs for source in spec.sources}
    assert "custom:Product interest" not in sources
    assert {"job_title", "industry"} <= sources


def test_two_files_have_two_fingerprints(labelled):
    prints = {labelled(leads_file(rows), "Lead Status").fingerprint
              for rows in (3, 4, 4)}
    assert len(prints) == 2


# --- from the store -----------------------------------------------------------------------------------------


def test_open_leads_have_no_outcome(material):
    assert material.outcome.tolist()[:2] == ["converted", "lost"]
    assert material.outcome.isna().tolist() == [False, False, True, True]
    assert material.positive == "converted"


@pytest.mark.parametrize("target", ["Verdict", "custom:Verdict", "verdict"])
def test_another_stored_column_can_be_learnt(material, target):
    other = from_store(material.leads, material.outcome, material.custom_fields, headers={}, target=target,
                       positive="yes")
    assert other.target_column == "custom:Verdict"
    assert other.outcome.isna().tolist() == [False, False, False, True]
    assert not any("Verdict" in name for name in features_of(other, NOW).frame)


def test_columns_that_look_like_an_outcome_come_best_first(material):
    leads = material.leads.assign(
        stage=pd.array(["New", "Won", "Lost", None], dtype="str"),
        **{"custom:Purchased": pd.array([1.0, 0.0, 1.0, None], dtype="float64"),
           "custom:Secret outcome": pd.array(["yes", "no", "yes", "no"], dtype="str")})
    custom = (*material.custom_fields, CustomField("Purchased", Kind.NUMBER),
              CustomField("Secret outcome", Kind.CATEGORY, personal=True))
    wider = replace(material, leads=leads, custom_fields=custom, headers={"stage": "Status"} | material.headers)
    assert target_columns(wider) == ["stage", "custom:Purchased"]
    assert target_columns(material) == ["custom:Verdict"]


# --- when the outcome was known -----------------------------------------------------------------------------


def test_the_moments_of_a_file_are_its_closing_dates(labelled):
    data = b"Email,Status,Close Date,Offer sent,Note\n" + b"".join(
        f"p{n}@x.example,Closed Won,2026-05-{n:02d},2026-06-{n:02d},a\n".encode() for n in range(1, 29))
    material = labelled(data, "Status")
    assert moments_of(material).dt.day.tolist() == list(range(1, 29))
    dates = dates_of(material, features_of(material, NOW))
    assert list(dates) == ["custom:Offer sent"]
    assert (dates["custom:Offer sent"] > moments_of(material)).all()


def test_without_closing_dates_there_are_no_moments(labelled, material):
    assert moments_of(labelled(leads_file(5), "Lead Status")) is None
    assert moments_of(material) is None
    assert list(dates_of(material, features_of(material, NOW))) == ["lead_age_days"]


def test_stored_moments_belong_to_stored_outcomes_only(material):
    moments = pd.Series([pd.Timestamp("2026-02-01", tz="UTC"), pd.NaT], index=[7, 8])
    stages = pd.Series("lost", index=material.leads.index)
    parts = {"headers": {}, "positive": "yes", "moments": moments}
    own = from_store(material.leads, stages, material.custom_fields, target=None, **parts)
    assert moments_of(own).notna().tolist() == [True, False, False, False]
    other = from_store(material.leads, stages, material.custom_fields, target="Verdict", **parts)
    assert moments_of(other) is None


# --- time and groups ----------------------------------------------------------------------------------------


def test_leads_come_in_the_order_of_creation_unless_told_otherwise(material):
    assert times_of(material, None).rank().tolist() == [4, 1, 3, 2]
    assert times_of(material, "rows").tolist() == [0, 1, 2, 3]
    assert times_of(material, "created_at").rank().tolist() == [4, 1, 3, 2]


def test_times_that_are_mostly_none_are_refused(material):
    with pytest.raises(InvalidRequest) as refused:
        times_of(material, "Round")
    assert refused.value.code == "no_times"
    with pytest.raises(InvalidRequest):
        times_of(material, "Nonsense")


def test_a_named_column_of_few_moments_is_refused_and_not_passed_over(material):
    leads = material.leads.assign(created_at=pd.to_datetime(["2026-01-01", "2026-01-02"] * 2, utc=True))
    with pytest.raises(InvalidRequest, match="only 2 different") as refused:
        times_of(_with(material, leads), "created_at")
    assert refused.value.code == "no_times"


def test_without_dates_there_is_no_order(material):
    same = material.leads.assign(created_at=pd.Timestamp("2026-01-01", tz="UTC"))
    for leads in (same, material.leads.drop(columns="created_at"),
                  material.leads.assign(created_at=material.leads["created_at"].where([True, True, False, False]))):
        assert times_of(_with(material, leads), None) is None


def test_leads_of_a_company_belong_together_when_companies_are_known(material):
    groups = groups_of(material, None)
    assert groups.iloc[0] == groups.iloc[1] != groups.iloc[2]
    assert groups_of(material, "Branche").tolist() == ["a", "b", "a", "b"]
    unknown = material.leads.assign(company=pd.array([None, None, None, "x"], dtype="str"))
    assert groups_of(_with(material, unknown), None) is None
    different = material.leads.assign(company=pd.array(list("abcd"), dtype="str"))
    assert groups_of(_with(material, different), None) is None


def test_without_a_company_the_domain_tells_who_belongs_together(material):
    leads = pd.DataFrame({
        "company": pd.array(["Acme GmbH", None, None, None, None, None, None], dtype="str"),
        "email": pd.array(["a@acme.com", "b@ACME.com", "c@zeta.io", "d@gmail.com", "e@gmail.com", None, None],
                          dtype="str"),
        "website": pd.array([None, None, None, None, "https://www.zeta.io/about?x=1", "zeta.io", None], dtype="str"),
    })
    groups = groups_of(_with(material, leads), None)
    assert groups.fillna("").tolist() == ["acme", "acme", "zeta.io", "", "zeta.io", "zeta.io", ""]
    assert groups.name == "company or e-mail domain"
    assert groups_of(material, None).name == "company"
    assert groups_of(material, "Branche").name == "“Branche”"


def test_a_domain_many_share_is_a_provider(material):
    leads = pd.DataFrame({"email": pd.array([f"p{n}@{'unheard-of.net' if n < 60 else f'f{n // 2}.com'}"
                                             for n in range(140)], dtype="str")})
    groups = groups_of(_with(material, leads), None)
    assert groups.isna().tolist() == [True] * 60 + [False] * 80
    assert groups.nunique() == 40


def _with(material: Material, leads: pd.DataFrame) -> Material:
    return Material(leads, material.custom_fields, material.headers, material.outcome, material.target,
                    material.positive, material.target_column, material.fingerprint)


@pytest.mark.parametrize(("name", "column"), [
    ("Branche", "industry"), ("industry", "industry"), ("Industry", "industry"), ("Round", "custom:Round"),
    ("title_role", "title_role"),
])
def test_columns_go_by_header_label_or_name(material, name, column):
    assert columns_named([name], material) == (column,)


def test_other_names_are_refused(material):
    with pytest.raises(InvalidRequest, match="No such thing"):
        columns_named(["No such thing"], material)


def test_nothing_is_changed_in_place(material):
    before = material.leads.copy()
    features_of(material, NOW)
    times_of(material, None)
    groups_of(material, None)
    pd.testing.assert_frame_equal(material.leads, before)
    assert np.array_equal(material.leads.index, [7, 8, 9, 10])
