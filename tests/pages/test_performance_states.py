"""Whatever leads there are, the Performance page draws itself calmly and says what helps."""

import json
import pkgutil
from datetime import date, timedelta

import pytest

from leadscore import sandbox
from leadscore.access import Role
from leadscore.services import insight, intake, scoring
from tests.pages.conftest import assert_calm, make_workbench, person, texts

ADMIN = person(Role.ADMIN)
HEADER = ("Email", "Original Source", "Country", "Create Date", "Lead Status", "Close date", "Amount", "Currency",
          "Number of Sessions")
START = date(2026, 8, 1)
STAGES = ("won", "lost", "new", "contacted", "lost", "won", "new")


def lead(number, **given):
    stage = given.get("stage", STAGES[number % len(STAGES)])
    day = START + timedelta(days=number % 90)
    closed = stage in ("won", "lost")
    known = {"Email": f"p{number}@firm{number}.example", "Original Source": ("Ads", "Webinar", "Fair")[number % 3],
             "Country": ("Germany", "France", "")[number % 3], "Create Date": f"{day}", "Lead Status": stage,
             "Close date": f"{day + timedelta(days=9)}" if closed else "", "Amount": "900" if stage == "won" else "",
             "Currency": "EUR" if stage == "won" else "", "Number of Sessions": str(number % 17)}
    return known | {name: value for name, value in given.items() if name in HEADER}


def leads(count=70, **given):
    return [lead(number, **given) for number in range(count)]


CASES = {
    "one": leads(1, stage="new"),
    "no-outcomes": leads(stage="new"),
    "only-converted": leads(stage="won"),
    "only-lost": leads(stage="lost"),
    "one-day": leads(**{"Create Date": "2026-09-01"}),
    "one-source": leads(**{"Original Source": "Ads"}),
    "no-source": leads(**{"Original Source": ""}),
    "same-score": leads(**{"Number of Sessions": "5", "Country": "Germany", "Original Source": "Ads"}),
    "no-country": leads(**{"Country": ""}),
    "no-close-dates": leads(**{"Close date": ""}),
    "no-currency": leads(**{"Currency": ""}),
    "three-currencies": [row | ({"Currency": ("EUR", "USD", "GBP")[place % 3]} if row["Amount"] else {})
                         for place, row in enumerate(leads())],
    "two": [lead(0, stage="won"), lead(1, stage="lost")],
    "no-dates": leads(**{"Create Date": "", "Close date": ""}),
    "usual": leads(140),
}
HELPFUL = {
    "one": "No outcome is known yet", "no-outcomes": "Record what becomes of the leads",
    "only-converted": "none is known as lost", "only-lost": "has converted: too early to tell",
    "one-day": "All leads came in on one day", "one-source": "All leads come from Ads",
    "no-source": "No lead names its source", "no-country": "No lead names its country",
    "no-close-dates": "have ended without a date", "three-currencies": "are not added up", "two": "1 conversion so far",
}


def as_file(rows):
    lines = [",".join(HEADER), *(",".join(row[name] for name in HEADER) for row in rows)]
    return "\n".join(lines).encode()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Give one store in which every case is a client of its own."""

    def run(module_function, payload, arguments, **_limits):
        return pkgutil.resolve_name(module_function)(payload, **arguments)

    workbench = make_workbench(tmp_path_factory.mktemp("states"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run)
        for client, rows in {**CASES, "not-scored": leads(9)}.items():
            intake.import_file(workbench, ADMIN, client=client, source=as_file(rows), filename="leads.csv")
            if client != "not-scored":
                scoring.rescore(workbench, ADMIN, client=client)
    return workbench


def said(app):
    return texts(app).replace("\\", "")


# the others differ in what pictures and sentences are made of, which is tried below without drawing a page
@pytest.mark.parametrize(("case", "tab"), [
    ("one", "Overview"), ("no-outcomes", "Money"), ("only-converted", "Do scores work?"), ("only-lost", "Overview"),
    ("no-dates", "Over time"), ("three-currencies", "Money"), ("no-source", "Where from"),
])
def test_every_kind_of_leads_is_drawn_calmly(store, open_page, case, tab):
    app = open_page(store, "performance", client=case, show=tab)
    assert_calm(app)
    assert not app.error
    assert app.metric
    assert not {"nan", "None", "inf", "nan %"} & {metric.value for metric in app.metric}


@pytest.mark.parametrize("case", HELPFUL)
def test_every_kind_of_leads_is_told_what_helps(store, case):
    report = insight.performance(store, ADMIN, client=case)
    assert any(HELPFUL[case] in sentence.text for sentence in report.sentences), report.sentences


@pytest.mark.parametrize("case", [*CASES, "not-scored"])
def test_every_picture_is_drawn_or_says_why_not(store, case):
    for picture in insight.performance(store, ADMIN, client=case).pictures:
        assert picture.spec is not None or picture.empty, picture.key
        if picture.spec is not None:
            # a browser cannot read what JSON does not know
            json.dumps(picture.spec, allow_nan=False)
            assert picture.alt, picture.key


@pytest.mark.parametrize(("case", "query", "words"), [
    ("not-scored", {}, "No scores yet"), ("usual", {"of_tier": "High", "of_source": "Nowhere"}, "Part of the link"),
    ("usual", {"period": "From … to …", "from": "1999-01-01", "to": "1999-12-31"}, "No lead matches"),
    ("usual", {"compare": "1", "period": "7 days"}, "none differs beyond chance"),
    ("usual", {"period": "From … to …", "from": "never"}, "is not a day"),
    ("usual", {"compare": "1", "b_period": "From … to …", "b_from": "2026-09-01", "b_to": "1"}, "is not a day"),
    ("one", {"compare": "1", "b_of_tier": "High"}, "none differs beyond chance"),
    ("nobody-here", {}, "There is no client"),
])
def test_every_way_to_nothing_says_so(store, open_page, case, query, words):
    app = open_page(store, "performance", **({"client": case} | query))
    assert_calm(app)
    assert words in said(app)


def test_a_viewer_of_a_client_without_leads_is_told_what_the_page_is_for(empty, open_page):
    app = open_page(empty, "performance", Role.VIEWER)
    assert_calm(app)
    assert "Nothing to measure yet" in said(app)
    assert not app.metric
