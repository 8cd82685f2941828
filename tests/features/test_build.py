from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.features.build import build_features, unused_columns, with_made
from leadscore.features.derived import days_before, share
from leadscore.features.titles import read_titles
from leadscore.schema import FIELDS, CustomField, Group, Kind, MadeFeature

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def texts(*values):
    return pd.Series(values, dtype="str")


def build(columns, customs=(), **options):
    leads = pd.DataFrame(columns)
    leads.index.name = "lead_id"
    return build_features(leads, customs, as_of=NOW, **options)


def column_of(kind):
    examples = {Kind.NUMBER: pd.Series([1.0]), Kind.MONEY: pd.Series([1.0]),
                Kind.BOOLEAN: pd.Series([True], dtype="boolean"),
                Kind.DATE: pd.Series(pd.to_datetime(["2026-01-01"], utc=True)).astype("datetime64[us, UTC]")}
    return examples.get(kind, texts("x"))


def test_no_outcome_consent_person_or_owner_is_ever_a_feature():
    features = build({field.name: column_of(field.kind) for field in FIELDS})
    forbidden = {field.name for field in FIELDS
                 if field.group in {Group.OUTCOME, Group.CONSENT, Group.CONTACT, Group.MANAGEMENT}}
    assert not forbidden & set(features.frame)
    assert {"industry", "website_visits", "title_role"} <= set(features.frame)
    outcomes = {field.name for field in FIELDS if field.group is Group.OUTCOME}
    assert not any(outcomes & set(spec.sources) for spec in features.specs)


def test_every_column_that_is_left_out_has_a_reason():
    leads = pd.DataFrame({"stage": texts("won"), "owner": texts("Ann"), "custom:Key": texts("1"),
                          "industry": texts("IT"), "custom:Mail": texts("a@b.c"), "email": texts("a@b.c")})
    reasons = unused_columns(leads, [CustomField("Key", Kind.IDENTIFIER), CustomField("Mail", Kind.TEXT, True)])
    assert set(reasons) == {"stage", "owner", "custom:Key", "custom:Mail"}


def test_a_person_may_keep_a_column_but_never_an_outcome_consent_or_personal_one():
    columns = {"rating": texts("hot"), "stage": texts("won"), "consent": pd.Series([True], dtype="boolean"),
               "notes": texts("x")}
    kept = build(columns, keep=list(columns)).frame
    assert "rating" in kept
    assert not {"stage", "consent", "notes"} & set(kept)


def test_custom_columns_keep_their_kind_and_their_header():
    customs = [CustomField("Tags", Kind.CATEGORY), CustomField("Seen", Kind.DATE),
               CustomField("Secret", Kind.TEXT, True)]
    seen = pd.Series(pd.to_datetime(["2026-02-27"], utc=True))
    features = build({"custom:Tags": texts("a"), "custom:Seen": seen, "custom:Secret": texts("b"),
                      "custom:Unlisted": texts("c")}, customs)
    assert features.labels["custom:Tags"] == "Tags"
    assert features.frame["custom:Seen"].tolist() == [2.0]
    assert features.kinds["custom:Seen"] is Kind.NUMBER
    assert not {"custom:Secret", "custom:Unlisted"} & set(features.frame)


def test_booleans_become_zero_one_or_missing():
    features = build({"demo_requested": pd.Series([True, False, None], dtype="boolean")})
    assert features.frame["demo_requested"].tolist()[:2] == [1.0, 0.0]
    assert np.isnan(features.frame["demo_requested"].iloc[2])


@pytest.mark.parametrize(("part", "whole", "expected"), [
    (1, 4, 0.25), (0, 0, 0.0), (2, 0, 1.0), (5, 2, 1.0), (np.nan, 3, np.nan), (3, np.nan, np.nan), (0, 3, 0.0)])
def test_rates_make_sense_where_nothing_was_counted(part, whole, expected):
    assert share(pd.Series([part], dtype=float), pd.Series([whole], dtype=float)).tolist() == pytest.approx(
        [expected], nan_ok=True)


@pytest.mark.parametrize(("date", "days"), [
    ("2026-02-19", 10.0), ("2026-03-01T12:00", 0.0), ("2026-03-05", np.nan), (None, np.nan)])
def test_ages_count_up_to_the_date_and_do_not_look_ahead(date, days):
    dates = pd.Series(pd.to_datetime([date], utc=True))
    assert days_before(dates, NOW).tolist() == pytest.approx([days], nan_ok=True)


@pytest.mark.parametrize(("title", "role", "seniority"), [
    ("CEO", "decision_maker", "c_level"), ("Chief Marketing Officer", "decision_maker", "c_level"),
    ("VP Sales", "decision_maker", "vp"), ("Vice President, Operations", "decision_maker", "vp"),
    ("Head of Growth", "decision_maker", "head"), ("Co-Founder", "decision_maker", "owner"),
    ("IT Director", "decision_maker", "director"), ("Geschäftsführer", "decision_maker", "c_level"),
    ("Product Owner", "influencer", "senior"), ("marketing MANAGER", "influencer", "manager"),
    ("Team Lead", "influencer", "manager"), ("Executive Assistant to the CEO", "other", "staff"),
    ("Student", "other", "junior"), ("Dealer", "other", "staff"), ("Leadership coach", "other", "staff")])
def test_titles_tell_role_and_seniority(title, role, seniority):
    read = read_titles(texts(title, None))
    assert read.iloc[0].tolist() == [role, seniority]
    assert read.iloc[1].isna().all()


def test_addresses_tell_private_from_company_without_being_kept():
    frame = build({"email": texts("a@GMAIL.com", "b@acme.io", None)}).frame
    assert frame["email_domain_kind"].tolist()[:2] == ["free", "company"]
    assert frame["email_domain_kind"].isna().tolist() == [False, False, True]
    assert frame["has_email"].tolist() == [1.0, 1.0, 0.0]
    assert "email" not in frame


@pytest.mark.parametrize(("employees", "band"), [
    (1, "1-10"), (10, "1-10"), (11, "11-50"), (5_000, "1,001-5,000"), (5_001, "over 5,000"), (np.nan, None),
    (-3, None)])
def test_company_sizes_fall_into_bands(employees, band):
    value = build({"employees": pd.Series([employees], dtype=float)}).frame["company_size"].iloc[0]
    assert (band is None and pd.isna(value)) or value == band


def test_a_derived_feature_is_told_under_its_only_source():
    features = build({"job_title": texts("CEO"), "email_opens": pd.Series([4.0]), "email_clicks": pd.Series([1.0])},
                     headers={"job_title": "Role"})
    assert features.factors["title_role"] == "job_title"
    assert features.factors["engagement_ratio"] == "engagement_ratio"
    assert "(from Role)" in features.labels["title_role"]


DAYS = st.integers(0, 2500).map(lambda days: pd.Timestamp("2020-01-01") + pd.Timedelta(days=days))
LEADS = st.lists(st.tuples(st.one_of(st.none(), st.text(max_size=12)), st.one_of(st.just(np.nan), st.floats(0, 1e5)),
                           st.one_of(st.none(), DAYS)), min_size=1, max_size=8)


def leads_of(rows):
    titles, counts, dates = zip(*rows, strict=True)
    return pd.DataFrame({
        "job_title": pd.Series(titles, dtype="str"), "email_opens": pd.Series(counts, dtype=float),
        "email_clicks": pd.Series(counts, dtype=float) / 2, "employees": pd.Series(counts, dtype=float),
        "last_activity_at": pd.Series(pd.to_datetime(pd.Series(dates, dtype=object), utc=True)).astype(
            "datetime64[us, UTC]")})


@settings(deadline=None, max_examples=40)  # the first build on a busy machine is slow
@given(LEADS)
def test_the_features_of_a_lead_do_not_depend_on_the_others(rows):
    leads = leads_of(rows)
    together = build_features(leads, as_of=NOW).frame
    for place in range(len(leads)):
        alone = build_features(leads.iloc[[place]], as_of=NOW).frame
        pd.testing.assert_frame_equal(alone, together.iloc[[place]])


@settings(deadline=None, max_examples=40)  # the first build on a busy machine is slow
@given(LEADS)
def test_empty_columns_change_nothing_and_leads_are_left_as_they_were(rows):
    leads = leads_of(rows)
    before = leads.copy(deep=True)
    wider = leads.assign(phone=pd.Series([None] * len(leads), dtype="str"), page_views=np.nan)
    short, long = build_features(leads, as_of=NOW).frame, build_features(wider, as_of=NOW).frame
    pd.testing.assert_frame_equal(long[list(short)], short)
    assert long[[name for name in long if name not in short]].isna().all(axis=None)
    pd.testing.assert_frame_equal(leads, before)


def test_no_leads_give_no_rows_but_all_columns():
    frame = build_features(leads_of([("CEO", 1.0, None)]).iloc[:0], as_of=NOW).frame
    assert len(frame) == 0
    assert "title_role" in frame


@pytest.mark.parametrize(("name", "words"), [("gender", "who a person is"), ("crm_id", "identifies a person")])
def test_what_describes_people_is_not_called_a_company_or_a_place(name, words):
    assert words in unused_columns(leads_of([("CEO", 1.0, None)]).assign(**{name: texts("x")}))[name]


MADE = (MadeFeature("depth", "Depth", "page_views / website_visits", "behavioural"),
        MadeFeature("tag", "Tagged", "is_missing([Tags])", "fit"))


def test_made_features_are_told_by_their_own_name_with_what_they_are_made_of():
    features = build({"page_views": pd.Series([4.0, 1.0]), "website_visits": pd.Series([2.0, 0.0])}, made=MADE)
    assert features.frame["made:depth"].tolist() == pytest.approx([2.0, np.nan], nan_ok=True)
    assert features.labels["made:depth"] == "Depth"
    spec = next(spec for spec in features.specs if spec.name == "made:tag")
    assert (spec.kind, spec.group, spec.sources, spec.factor) == (Kind.BOOLEAN, Group.FIT, ("custom:Tags",), "made:tag")
    # the column is not in this file: missing for everybody
    assert features.frame["made:tag"].tolist() == [1.0, 1.0]


def test_a_made_feature_of_a_column_that_turned_out_personal_is_left_out():
    leads = pd.DataFrame({"custom:Tags": texts("a", None)})
    open_, hidden = (build_features(leads, [CustomField("Tags", Kind.TEXT, personal)], as_of=NOW, made=MADE).frame
                     for personal in (False, True))
    assert open_["made:tag"].tolist() == [0.0, 1.0]
    assert "made:tag" not in hidden


def test_made_features_can_be_added_to_features_that_are_there():
    leads = pd.DataFrame({"page_views": pd.Series([4.0, 1.0]), "website_visits": pd.Series([2.0, 0.0])})
    plain = build_features(leads, as_of=NOW)
    again = with_made(plain, leads, MADE, ())
    pd.testing.assert_frame_equal(again.frame, build_features(leads, as_of=NOW, made=MADE).frame)
    assert "made:depth" not in plain.frame
    assert with_made(again, leads, MADE, ()) is again
