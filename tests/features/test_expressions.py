"""Formulas people write: what they mean, what is refused and where, and what holds for every one of them."""

import warnings
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest
from leadscore.features.columns import OF_FIELDS, columns_of
from leadscore.features.expressions import compile_expression
from leadscore.features.functions import FUNCTIONS
from leadscore.features.tokens import WrongExpression
from leadscore.schema import CustomField, Kind

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CUSTOMS = (CustomField("Deal colour", Kind.CATEGORY), CustomField("Views", Kind.NUMBER),
           CustomField("Secret", Kind.TEXT, True), CustomField("Ticket no", Kind.IDENTIFIER),
           CustomField("Size", Kind.NUMBER), CustomField("size", Kind.NUMBER))
COLUMNS = columns_of(CUSTOMS)


def texts(*values):
    return pd.Series(values, dtype="str")


def dates(*values):
    return pd.Series(pd.to_datetime(list(values), utc=True, format="ISO8601")).astype("datetime64[us, UTC]")


LEADS = pd.DataFrame({
    "page_views": [4.0, np.nan, np.inf, 0.0], "website_visits": [2.0, 3.0, 1.0, 0.0],
    "email_opens": [4.0, 0.0, np.nan, 0.0], "email_clicks": [1.0, 2.0, 3.0, 0.0],
    "employees": [10.0, 0.0, 51.0, np.nan], "annual_revenue": [1e6, 2e6, np.nan, -5.0],
    "time_on_site": [120.0, np.nan, 60.0, 0.0], "time_on_site_minutes": [1.0, 2.0, np.nan, 0.0],
    "job_title": texts("Head of Sales", None, " ceo ", "Straße"), "industry": texts("IT", "Law", None, ""),
    "demo_requested": pd.array([True, None, False, True], dtype="boolean"),
    "created_at": dates("2026-01-01", "2026-02-28T13:30", "2026-03-05", None),
    "last_activity_at": dates("2026-01-03", None, "2026-01-01", "2026-01-01"),
    "custom:Deal colour": texts("red", "BLUE ", None, "green"), "custom:Views": [1.0, 2.0, 3.0, np.nan],
}).set_index(pd.Index([7, 3, 9, 1], name="lead_id"))


def worked_out(text, leads=LEADS, columns=COLUMNS):
    return compile_expression(text, columns).evaluate(leads, NOW)


def plain(values):
    return [None if pd.isna(value) else value for value in values]


@pytest.mark.parametrize(("text", "expected"), [
    ("page_views + website_visits", [6, None, None, 0]),
    ("website_visits - 2 × 3", [-4, -3, -5, -6]),
    ("(website_visits − 2) * 3", [0, 3, -3, -6]),
    ("-website_visits + +3", [1, 0, 2, 3]),
    ("page_views ÷ website_visits", [2, None, None, None]),
    ("website_visits / page_views", [0.5, None, None, None]),
    ("annual_revenue / employees", [1e5, None, None, None]),
    ("share(email_clicks, email_opens)", [0.25, 1, None, 0]),
    ("sum_of(page_views, website_visits)", [6, 3, 1, 0]),
    ("min(page_views, website_visits)", [2, None, None, 0]),
    ("max(website_visits, 2)", [2, 3, 2, 2]),
    ("clip(website_visits, 1, 2)", [2, 2, 1, 1]),
    ("round(website_visits / 3, 2)", [0.67, 1, 0.33, 0]),
    ("round(website_visits / 3)", [1, 1, 0, 0]),
    ("abs(website_visits - 2)", [0, 1, 1, 2]),
    ("log(annual_revenue)", [pytest.approx(np.log1p(1e6)), pytest.approx(np.log1p(2e6)), None, None]),
    ("sqrt(page_views)", [2, None, None, 0]),
    ("coalesce(page_views, website_visits, 0)", [4, 3, 1, 0]),
    ("is_missing(page_views)", [0, 1, 1, 0]),
    ("page_views > 3", [1, None, None, 0]),
    ("page_views >= 4 and website_visits <> 2", [0, None, None, 0]),
    ("page_views > 3 or website_visits >= 3", [1, 1, None, 0]),
    ("not demo_requested", [0, None, 1, 0]),
    ("not page_views = 4 or demo_requested", [1, None, None, 1]),
    ("demo_requested = true", [1, None, 0, 1]),
    ("if(demo_requested, 10, website_visits)", [10, None, 1, 10]),
    ('if(page_views > 1, "deep", "shallow")', ["deep", None, None, "shallow"]),
    ("number(demo_requested) * 5", [5, None, 0, 5]),
    ("days_since(created_at)", [59, pytest.approx(0.4375), None, None]),
    ("days_between(created_at, last_activity_at)", [2, None, None, None]),
    ("days_between(last_activity_at, created_at)", [-2, None, None, None]),
    ('created_at >= date("2026-02-01")', [0, 1, None, None]),
    ("created_at < last_activity_at", [1, None, None, None]),
    ("weekday(created_at)", ["Thursday", "Saturday", None, None]),
    ("month(created_at)", ["January", "February", None, None]),
    ("hour(created_at)", [0, 13, None, None]),
    ('contains(job_title, "HEAD")', [1, None, 0, 0]),
    ('starts_with(job_title, "ce")', [0, None, 1, 0]),
    ("equals(job_title, 'CEO')", [0, None, 1, 0]),
    ('one_of(industry, "law", "it")', [1, 1, None, 0]),
    ('industry = "LAW"', [0, 1, None, 0]),
    ("length(job_title)", [13, None, 5, 6]),
    ("words(job_title)", [3, None, 1, 1]),
    ("lower(job_title)", ["head of sales", None, "ceo", "straße"]),
    ("bucket(employees, 10, 50, 200)", ["10 to 50", "under 10", "50 to 200", None]),
    ("bucket(annual_revenue, 1000000, 1500000)", ["1,000,000 to 1,500,000", "1,500,000 and more", None,
                                                  "under 1,000,000"]),
    ("in_minutes(time_on_site) + time_on_site_minutes", [3, None, None, 0]),
    ("[Deal Colour] = 'blue'", [0, 1, None, 0]),
    ("[Views] * 2 + views", [3, 6, 9, None]),
    ("[Page Views] + PAGE_VIEWS", [8, None, None, 0]),
    ("contains(website, \".edu\")", [None, None, None, None]),
    ("property_views + 1", [None, None, None, None]),
    ("coalesce(property_views, 1)", [1, 1, 1, 1])])
def test_a_formula_gives_what_it_says(text, expected):
    values = worked_out(text)
    assert values.index.equals(LEADS.index)
    assert plain(values) == expected


@pytest.mark.parametrize(("text", "kind", "unit"), [
    ("annual_revenue / employees", Kind.NUMBER, "money per employee"),
    ("page_views / website_visits", Kind.NUMBER, "page views per visit"),
    ("downloads / form_submissions", Kind.NUMBER, "downloads per count"),
    ("page_views + website_visits", Kind.NUMBER, "count"), ("page_views * 2", Kind.NUMBER, "page views"),
    ("days_since(created_at)", Kind.NUMBER, "days"), ("[Views] / 2", Kind.NUMBER, "number"),
    ("share(email_clicks, email_opens)", Kind.NUMBER, "share"), ("page_views > 2", Kind.BOOLEAN, "yes/no"),
    ("bucket(budget, 10)", Kind.CATEGORY, "text"), ("budget * employees", Kind.NUMBER, "money × employees"),
    ("budget / days_since(created_at)", Kind.NUMBER, "money per day"),
    ("time_on_site / page_views", Kind.NUMBER, "seconds per page view"), ("industry", Kind.CATEGORY, "text")])
def test_a_formula_says_what_it_gives_and_in_what_unit(text, kind, unit):
    formula = compile_expression(text, COLUMNS)
    assert (formula.kind, formula.unit) == (kind, unit)


REFUSED = [
    # what does not exist
    ("page_viws + 1", 1, "Did you mean page_views?"), ("1 + [Deel colour]", 5, "Did you mean [Deal colour]?"),
    ("contian(job_title, 'x')", 1, "Did you mean contains"), ("xyzzy(page_views)", 1, "no function 'xyzzy'"),
    ("[SIZE] + 1", 1, "Several columns"), ("size + 1", 1, "Several columns"),
    # what may not be used
    ("email", 1, "who a person is"), ("[Name] = 'x'", 1, "who a person is"), ("income / 12", 1, "personal data"),
    ("stage = 'won'", 1, "known only afterwards"), ("1 + revenue", 5, "known only afterwards"),
    ("consent", 1, "Consent decides"), ("owner = 'Ann'", 1, "people who work the lead"),
    ("crm_id", 1, "identifies a person"), ("Secret = 'x'", 1, "who a person is"), ("[Ticket no]", 1, "identifier"),
    ("days_since(modified_at)", 12, "people who work the lead"),
    ("company", 1, "name single companies"), ("lower(coalesce(website, company))", 1, "name single companies"),
    # what does not go together
    ("annual_revenue + days_since(created_at)", 16, "money and days"), ("1 + job_title", 5, "needs a number"),
    ("time_on_site + time_on_site_minutes", 14, "seconds and minutes"), ("open_rate > page_views", 13, "per cent"),
    ("job_title > 3", 11, "A text cannot be compared with a number"), ("job_title / 2", 1, "needs a number"),
    ("job_title > 'a'", 11, "larger or smaller"), ("demo_requested + 1", 1, "number(…) makes 1 of yes"),
    ("created_at + 1", 1, "days_since(…)"), ("if(page_views, 1, 2)", 4, "needs yes or no"),
    ("if(demo_requested, 1, 'a')", 23, "mix a number and a text"), ("page_views and demo_requested", 1, "yes or no"),
    ("max(budget, page_views)", 13, "money"), ("coalesce(budget, days_since(created_at))", 18, "money and days"),
    ("in_minutes(page_views)", 12, "needs a duration"), ("bucket(page_views, website_visits)", 20, "fixed number"),
    ("bucket(page_views, 5, 3)", 20, "must go up"), ("clip(page_views, 5, 3)", 18, "smaller number first"),
    ("contains(job_title, industry)", 21, "word in quotes"), ("contains(job_title, '')", 21, "word in quotes"),
    ("round(page_views, 99)", 19, "0 to 6"), ("date('2026-02-31') < created_at", 6, "no date"),
    ("created_at", 1, "which no score can use"), ("1 + 1", 1, "no column"), ("'a'", 1, "no column"),
    # nothing is divided by
    ("page_views / 0", 14, "divides by zero"), ("page_views / (1 - 1)", 15, "divides by zero"),
    ("page_views / (0 * 5)", 15, "divides by zero"), ("page_views / log(0)", 14, "divides by zero"),
    ("page_views / (1 / (2 - 2))", 20, "divides by zero"),
    # what is no formula
    ("", 1, "nothing here"), ("  \n", 1, "nothing here"), ("page_views +", 13, "missing at the end"),
    ("(((page_views)", 2, "not closed"), ("page_views)", 11, "closes nothing"), ("max(page_views,)", 15, "comma"),
    ("page_views > 1 > 2", 16, "Only two"), ("page_views page_views", 12, "not expected"), ("* 2", 1, "cannot stand"),
    ("[page_views", 1, "not closed"), ("contains(job_title, \"x)", 21, "not closed"), ("2x", 2, "not expected"),
    ("max()", 1, "does not take 0"), ("if(demo_requested, 1)", 1, "does not take 2"), ("and", 1, "between nothing"),
    ("page_views = ", 14, "missing at the end"), ("page_views; website_visits", 11, "one formula"),
    ("page_views ** 2", 12, "no powers"), ("page_views ^ 2", 12, "no powers"), ("20% * page_views", 3, "0.2"),
]


@pytest.mark.parametrize(("text", "position", "words"), REFUSED)
def test_what_cannot_be_meant_is_refused_at_its_place(text, position, words):
    with pytest.raises(WrongExpression) as refused:
        compile_expression(text, COLUMNS)
    assert words in str(refused.value)
    assert refused.value.position == position
    assert str(refused.value).startswith(f"At character {position}: ")
    assert refused.value.code == "wrong_expression"


HOSTILE = [
    '__import__("os").system("true")', "().__class__.__bases__[0].__subclasses__()", "lambda: page_views",
    "(x := page_views)", 'f"{page_views}"', "[x for x in (1, 2)]", "{1: 2}", "1e999 * page_views",
    '"a" * 10**9', "10**10**10 + page_views", "page_views.__class__", "open('/etc/passwd')", "exec('1')",
    "page_views\u200b+ 1", "page_views \u202e+ 1", "\ufeffpage_views", "page_views\x00", "page_views + \u0661",
    "1; DROP TABLE leads", "' OR 1=1 --", "UNION SELECT * FROM leads", "page_views /* x */ + 1", "${jndi:ldap://x}",
    "{{7*7}}", "<script>alert(1)</script>", "page_views if page_views else 1", "yield page_views", "await page_views",
    "page_views @ page_views", "page_views // 2", "~page_views", "page_views << 99999", "page_views is None",
    "*page_views", "**page_views", "max(*page_views)", "max(a=1, b=2)", "page_views[0]", "...", "`ls`", "\\u0041",
    "not" * 300, "(" * 500 + "page_views" + ")" * 500, "-" * 900 + "page_views", "not " * 200 + "demo_requested",
    "if(" * 300, "page_views" + "+1" * 300, "9" * 999, "0." + "0" * 900, "1e-" + "9" * 900, "[" * 999, '"' * 999,
    "page_views" * 200, "a" * 10**6, "[" + "]" * 998, "max(" + "1," * 400 + "page_views)", "\U0001f600", "ß" * 1000,
    "page_views = = 1", "= 1", "true false", "and or not", "\ud800",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_refused_and_nothing_else_happens(text):
    with pytest.raises(WrongExpression) as refused:
        compile_expression(text, COLUMNS)
    assert refused.value.position >= 1
    assert len(str(refused.value)) < 400


def test_the_largest_formulas_allowed_work():
    deep = "(" * 20 + "page_views" + ")" * 20
    assert plain(worked_out(deep)) == [4, None, None, 0]
    many = " + ".join(["page_views"] + ["1"] * 99)
    assert plain(worked_out(many)) == [103, None, None, 99]
    with pytest.raises(WrongExpression, match="nested more than 20"):
        compile_expression(f"({deep})", COLUMNS)
    with pytest.raises(WrongExpression, match="more than 200 parts"):
        compile_expression(f"{many} + 1", COLUMNS)


def test_overflow_is_missing_and_not_infinite():
    huge = pd.DataFrame({"page_views": [1e300, 1.0]})
    assert plain(worked_out("page_views * page_views * 1e15", huge)) == [None, 1e15]


def test_columns_get_names_that_last():
    headers = {"page_views": "Seiten", "industry": "Branche"}
    formula = compile_expression("[Seiten] + [Views] + if([branche] = 'IT', 1, 0)", columns_of(CUSTOMS, headers))
    # "Views" goes for page views, too, where the client has no column of its own that is called so
    assert formula.text == "page_views + [custom:Views] + if(industry = 'IT', 1, 0)"
    assert formula.sources == ("page_views", "custom:Views", "industry")
    again = compile_expression(formula.text, COLUMNS)
    assert (again.text, again.sources) == (formula.text, formula.sources)


def test_a_formula_that_grows_too_long_by_the_full_names_is_refused():
    text = " + ".join(["views"] * 100)
    with pytest.raises(WrongExpression, match="full names"):
        compile_expression(text, COLUMNS)


@pytest.mark.parametrize(("text", "expected"), [
    ("[Deal colour]", [None]), ("coalesce([Deal colour], 'none')", ["none"]), ("is_missing([custom:Gone])", [1]),
    ("if(is_missing([Gone]), 1, 2)", [1]), ("days_since([Gone])", [None]), ("contains([Gone], 'a')", [None]),
    ("[Gone] * 2 + employees", [None]), ("coalesce([Gone], 3) + employees", [13]), ("[Gone] > [Away]", [None]),
    ("not [Gone]", [None]), ("bucket([Gone], 5)", [None]), ("in_minutes([Gone])", [None]),
    ("sum_of([Gone], employees)", [10]), ("if([Gone], 1, 2)", [None]), ("min(budget, [Gone])", [None]),
    ("weekday([Gone])", [None]), ("words([Gone])", [None]), ("number([Gone])", [None])])
def test_a_column_this_file_lacks_is_missing_for_every_lead(text, expected):
    with pytest.raises(WrongExpression):
        compile_expression(text, OF_FIELDS)
    formula = compile_expression(text, OF_FIELDS, missing_is_empty=True)
    frame = LEADS.iloc[:1].drop(columns=["custom:Deal colour"])
    assert plain(formula.evaluate(frame, NOW)) == expected


def test_every_function_is_shown_by_an_example_that_works():
    for name, function in FUNCTIONS.items():
        assert function.usage.startswith(f"{name}(")
        assert function.meaning.endswith(".")


# --- what holds for every formula ---------------------------------------------------------------------------

WORDS = st.sampled_from([
    *[f"{name}(" for name in FUNCTIONS], "page_views", "website_visits", "budget", "job_title", "created_at",
    "demo_requested", "[Views]", "[Deal colour]", "email", "stage", "(", ")", ",", "+", "-", "*", "/", "=", "<", ">=",
    " and ", " or ", "not ", "0", "1", "2.5", "1e15", '"it"', "'x'", '"2026-01-01"', "true", "[", "]", "é", " "])


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=14).map("".join)))
def test_any_text_is_a_formula_or_refused_in_words(text):
    try:
        formula = compile_expression(text, COLUMNS)
    except InvalidRequest as refused:
        assert refused.position >= 1
        assert refused.message
    else:
        assert formula.sources
        again = compile_expression(formula.text, COLUMNS)
        assert (again.kind, again.unit, again.sources) == (formula.kind, formula.unit, formula.sources)


def grown(depth):
    """Formulas that make sense, by what they give."""
    number = st.sampled_from(["page_views", "website_visits", "employees", "[Views]", "3", "0.5"])
    text = st.sampled_from(["industry", "job_title", "[Deal colour]", '"it"'])
    moment = st.sampled_from(["created_at", "last_activity_at"])
    truth = st.sampled_from(["demo_requested", "true"])
    for _ in range(depth):
        below = (number, text, truth)
        number = st.one_of(
            number, st.tuples(below[0], st.sampled_from("+-*"), below[0]).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            below[0].map(lambda x: f"({x} / website_visits)"), st.tuples(below[0], below[0]).map(
                lambda t: f"share({t[0]}, {t[1]})"), st.tuples(below[2], below[0], below[0]).map(
                lambda t: f"if({t[0]}, {t[1]}, {t[2]})"), below[0].map(lambda x: f"log({x})"),
            below[0].map(lambda x: f"sqrt(number({x}))"), st.tuples(below[0], below[0]).map(
                lambda t: f"sum_of({t[0]}, {t[1]})"), below[1].map(lambda x: f"length({x})"),
            moment.map(lambda x: f"number(days_since({x}))"))
        number = number.map(lambda x: f"number({x})")
        text = st.one_of(text, below[0].map(lambda x: f"bucket({x}, 1, 5)"), moment.map(lambda x: f"weekday({x})"),
                         below[1].map(lambda x: f"lower({x})"))
        truth = st.one_of(truth, st.tuples(below[0], below[0]).map(lambda t: f"({t[0]} > {t[1]})"),
                          st.tuples(below[1], below[1]).map(lambda t: f"({t[0]} = {t[1]})"),
                          below[1].map(lambda x: f'contains({x}, "e")'), below[0].map(lambda x: f"is_missing({x})"),
                          st.tuples(below[2], below[2]).map(lambda t: f"({t[0]} and not {t[1]})"))
    return st.one_of(number, text, truth)


CELLS = st.tuples(
    st.one_of(st.just(np.nan), st.floats(allow_nan=True, allow_infinity=True)),
    st.one_of(st.just(np.nan), st.floats(-10, 1e6)), st.one_of(st.none(), st.text(max_size=8)),
    st.one_of(st.none(), st.datetimes(*(pd.Timestamp(day).to_pydatetime() for day in ("1970-01-01", "2200-01-01")))),
    st.one_of(st.none(), st.booleans()))


def leads_of(rows, keep):
    numbers, counts, words, moments, answers = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    frame = pd.DataFrame({
        "page_views": pd.Series(numbers, dtype=float), "website_visits": pd.Series(counts, dtype=float),
        "job_title": pd.Series([word and word.encode("utf-8", "ignore").decode() for word in words], dtype="str"),
        "created_at": pd.to_datetime(pd.Series(moments, dtype=object), utc=True).astype("datetime64[us, UTC]"),
        "demo_requested": pd.Series(answers, dtype="boolean")})
    return frame[[name for name in frame if name in keep]]


@settings(deadline=None, max_examples=150)
@given(grown(3), st.lists(CELLS, max_size=5), st.sets(st.sampled_from(
    ["page_views", "website_visits", "job_title", "created_at", "demo_requested"])))
def test_a_formula_gives_each_lead_a_value_of_its_own(text, rows, keep):
    try:
        formula = compile_expression(text, COLUMNS)
    except WrongExpression as refused:
        assert "no column" in refused.message
        return
    leads = leads_of(rows, keep)
    before = leads.copy(deep=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = formula.evaluate(leads, NOW)
    pd.testing.assert_frame_equal(leads, before)
    assert values.index.equals(leads.index)
    if formula.kind is Kind.CATEGORY:
        assert values.dtype == "str"
    else:
        assert values.dtype == "float64"
        assert not np.isinf(values).any()
    if formula.kind is Kind.BOOLEAN:
        assert set(values.dropna()) <= {0.0, 1.0}
    for place in range(len(leads)):
        alone = formula.evaluate(leads.iloc[[place]], NOW)
        pd.testing.assert_series_equal(alone, values.iloc[[place]])
    turned = formula.evaluate(leads.iloc[::-1], NOW)
    pd.testing.assert_series_equal(turned, values.iloc[::-1])
