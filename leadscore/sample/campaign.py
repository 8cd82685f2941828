"""Invents a B2B campaign as a CRM would export it: a size and a seed go in, text cells with realistic mess come out.

Everybody and every company is made up; addresses use domains and telephone ranges reserved for examples. Whether a
lead converts depends on who it is, what it did, how soon it was called, and on the date: the quality of two sources
moves and the last quarter converts better, as real campaigns drift.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Cells = Any
"""A pyarrow array of text."""

CAMPAIGN_DAYS = 540
LEADS_PER_COMPANY = 3
DUPLICATE_SHARE = 0.015
REPEATED_HEADER_FROM = 1_000
"""Files of this many rows look pasted together: the header stands in them again, twice."""

FIRST_NAMES = (
    "Amina", "Anneke", "Arjun", "Beatriz", "Björn", "Carmen", "Chinedu", "Daniel", "Elif", "Emma", "Fatima",
    "François", "Grace", "Hannah", "Hiroshi", "Ines", "Isabella", "Jack", "Jörg", "José", "Julia", "Kofi", "Lena",
    "Liam", "Lucía", "Łukasz", "Maja", "Marta", "Mehmet", "Mia", "Nadia", "Ngọc", "Noah", "Oliver", "Olga", "Paulo",
    "Priya", "Rachel", "Renée", "Samuel", "Sofia", "Søren", "Tomáš", "Valentina", "Victor", "Wei", "Yasmin", "Yuki",
    "Zoë", "Ørjan",
)
LAST_NAMES = (
    "Abara", "Almeida", "Andersson", "Bakker", "Baptiste", "Becker", "Çelik", "Chandra", "Costa", "D'Amico", "Dubois",
    "Eriksen", "Fischer", "Fontaine", "García", "Haddad", "Hansen", "Hoffmann", "Ivanova", "Jansen", "Kaya", "Keller",
    "Kowalski", "Lindqvist", "Marchetti", "Mbeki", "Meyer", "Müller", "Nakamura", "Ng", "Nguyễn", "Novák", "O'Connor",
    "Okafor", "Olsen", "Papadakis", "Peeters", "Petrov", "Rossi", "Santos", "Schäfer", "Sharma", "Silva", "Tanaka",
    "Thompson", "Van der Berg", "Weber", "Williams", "Yılmaz", "Żak",
)
COMPANY_FIRST = (
    "Alder", "Amber", "Anchor", "Arbor", "Atlas", "Aurora", "Beacon", "Birch", "Bluepeak", "Bramble", "Brightwater",
    "Calder", "Canvas", "Cedar", "Cinder", "Cobalt", "Copperfield", "Cresta", "Delta", "Drift", "Eastgate", "Ember",
    "Fernhill", "Fjord", "Flint", "Foxglove", "Granite", "Greenline", "Harbour", "Hazel", "Helio", "Highmoor", "Iris",
    "Juniper", "Kestrel", "Kite", "Lantern", "Larkspur", "Lighthouse", "Linden", "Maple", "Meridian", "Mistral",
    "Northbridge", "Oakmont", "Onyx", "Orchard", "Osprey", "Pebble", "Quarry", "Quill", "Ridgeway", "Saffron",
    "Silverbrook", "Sparrow", "Summit", "Tidewater", "Umbra", "Willow", "Zephyr",
)
COMPANY_SECOND = (
    "Analytics", "Biotech", "Capital", "Care", "Cloud", "Components", "Consulting", "Controls", "Data", "Design",
    "Digital", "Dynamics", "Energy", "Engineering", "Foods", "Freight", "Health", "Hotels", "Industries", "Insurance",
    "Interactive", "Labs", "Learning", "Logistics", "Machines", "Materials", "Media", "Mobility", "Networks",
    "Packaging", "Partners", "Pharma", "Power", "Retail", "Robotics", "Security", "Software", "Studios", "Systems",
    "Works",
)
COMPANY_REGION = ("", "Nordic", "Pacific", "Iberia", "Alpine", "Baltic", "Atlantic", "Central", "Southern", "Western",
                  "Eastern", "Global")
LEGAL_FORMS = ("", "", "", " Ltd", " GmbH", " Inc.", " B.V.", " S.A.")

PLACES = (
    ("United States", "Austin", 0.16), ("United States", "Boston", 0.12), ("United Kingdom", "Leeds", 0.11),
    ("United Kingdom", "London", 0.07), ("Germany", "München", 0.10), ("Germany", "Köln", 0.06),
    ("France", "Orléans", 0.07), ("Netherlands", "Utrecht", 0.06), ("Spain", "A Coruña", 0.05),
    ("Sweden", "Malmö", 0.05), ("Poland", "Łódź", 0.04), ("India", "Bengaluru", 0.06), ("Brazil", "São Paulo", 0.03),
    ("Japan", "Osaka", 0.02),
)
# name, share of companies, effect on the log-odds of converting
INDUSTRIES = (
    ("Software", 0.20, 0.55), ("Financial services", 0.11, 0.35), ("Healthcare", 0.11, 0.15),
    ("Manufacturing", 0.16, 0.0), ("Logistics", 0.09, 0.1), ("Retail", 0.12, -0.35), ("Education", 0.08, -0.65),
    ("Hospitality", 0.06, -0.7), ("Energy", 0.07, 0.05),
)
# name, share of leads, effect at the start, effect at the end, cost of a lead
SOURCES = (
    ("Organic search", 0.20, 0.15, 0.15, 18), ("Paid search", 0.17, 0.05, 0.05, 64),
    ("Paid social", 0.17, 0.2, -1.8, 41), ("Partner referral", 0.07, 0.6, 1.25, 90), ("Webinar", 0.10, 0.35, 0.35, 52),
    ("Trade show", 0.06, 0.25, 0.25, 140), ("Email campaign", 0.09, -0.15, -0.15, 9),
    ("Direct traffic", 0.08, 0.1, 0.1, 0), ("Content syndication", 0.06, -0.9, -0.9, 33),
)
TRADE_SHOW = 5
# title, share, effect
TITLES = (
    ("Chief Executive Officer", 0.04, 0.7), ("CTO", 0.04, 0.8), ("VP Operations", 0.06, 0.75),
    ("VP of Sales", 0.05, 0.7),
    ("Head of Procurement", 0.06, 0.6), ("Director of IT", 0.09, 0.55), ("Marketing Director", 0.08, 0.4),
    ("Operations Manager", 0.12, 0.05), ("IT Manager", 0.11, 0.1), ("Project Manager", 0.09, -0.15),
    ("Business Analyst", 0.09, -0.5), ("Software Engineer", 0.08, -0.6), ("Assistant", 0.05, -1.1),
    ("Student", 0.04, -2.2),
)
PRODUCTS = (("Forecasting", 0.30, 0.3), ("Reporting", 0.28, 0.0), ("Data sync", 0.22, 0.2), ("Training", 0.20, -0.5))
FUNDING = ("Bootstrapped", "Seed", "Series A", "Series B", "Series C", "Public")
STACKS = (
    "Salesforce; AWS; Slack", "HubSpot; Google Workspace", "Microsoft Dynamics; Azure; Teams", "SAP; Oracle; Azure",
    "HubSpot; Shopify; Stripe", "Zoho CRM; Zapier", "Pipedrive; Slack; Notion", "AWS; PostgreSQL; Kubernetes",
    "WordPress; Mailchimp", "Salesforce; Snowflake; Tableau", "", "",
)
# name, median hours until the first contact
OWNERS = (("Ada Lindholm", 3.0), ("Bruno Teixeira", 8.0), ("Clara Voss", 5.0), ("Dimitri Pappas", 26.0),
          ("Esi Mensah", 4.0), ("Freya Nolan", 12.0), ("Goran Ilić", 18.0), ("Hana Suzuki", 6.0))
NOTES = (
    "Asked for a quote", "Met at the booth,\nwants a call back in two weeks", 'Said: "send me the price list"',
    "Comparing three vendors; decision next quarter", "Prefers e-mail", "- left a message with reception",
    "=budget to be confirmed", "Nimmt an der Vorführung teil; Rückruf erwünscht",
)
WON_TAGS = ("Contract sent", "Onboarding call booked", "Purchase order received")
LOST_TAGS = ("No budget", "Chose a competitor", "Never reached", "Not a fit")

BASE_LOG_ODDS = -3.3
LAST_QUARTER_RISE = 0.4
LAST_QUARTER_DAYS = 91
UNSEEN_SPREAD = 0.3
"""Spread in log-odds of what no column tells, so that no honest model comes near perfection."""


STAGES = ("New", "Contacted", "Qualified", "Closed Won", "Closed Lost")

Spellings = dict[Callable[[str], str], float]
"""Ways to write a value, with their shares."""


def _as_is(value: str) -> str:
    return value


def _trailing_space(value: str) -> str:
    return value + " "


def _missing(_: str) -> str:
    return ""


def _unselected(_: str) -> str:
    """Write what a form leaves behind when nobody chose."""
    return "Select"


TYPED: Spellings = {_as_is: 0.95, _trailing_space: 0.025, str.upper: 0.015, str.lower: 0.01}


@dataclass(frozen=True)
class _Companies:
    """One entry a company; what leads of the same company share."""

    name: Cells
    domain: Cells
    industry: Ints
    employees: Ints
    revenue: Ints
    place: Ints
    stack: Ints
    funding: Ints


@dataclass(frozen=True)
class _People:
    """One entry a lead, in order of creation; days and hours count from the campaign's start."""

    company: Ints
    title: Ints
    source: Ints
    product: Ints
    owner: Ints
    created_hour: Floats
    response_hours: Floats


@dataclass(frozen=True)
class _Behaviour:
    """One entry a lead: counts of what it did."""

    engagement: Floats
    intent: Floats
    sessions: Ints
    pages: Ints
    seconds: Ints
    downloads: Ints
    forms: Ints
    pricing: Ints
    delivered: Ints
    opened: Ints
    clicked: Ints
    replied: Ints
    meetings: Ints


@dataclass(frozen=True)
class _Outcomes:
    """One entry a lead: closed or still open when the file was exported."""

    converted: Flags
    lost: Flags
    close_hour: Floats
    amount: Ints


def make_campaign(n: int, seed: int, *, end: datetime) -> pd.DataFrame:
    """Invent a campaign of 18 months and export it as a CRM would.

    Parameters
    ----------
    n : int
        Rows of the file, at least 1; about 1.5 % of them repeat another, and files of 1,000 rows or more hold their
        header again twice.
    seed : int
        The same seed, size and end give the same cells.
    end : datetime
        When the file is exported; no date in it is later.

    Returns
    -------
    DataFrame of shape (n, 41)
        Text cells, oldest lead first; an empty cell is ``""``.
    """
    rng = np.random.default_rng(seed)
    start = end - timedelta(days=CAMPAIGN_DAYS)
    companies = _invent_companies(rng, max(1, n // LEADS_PER_COMPANY))
    people = _invent_people(rng, n, companies)
    behaviour = _behave(rng, people)
    outcomes = _close(rng, people, companies, behaviour)
    cells = {
        **_identity_cells(rng, people, companies),
        **_company_cells(rng, people, companies),
        **_origin_cells(rng, people, start),
        **_behaviour_cells(rng, people, behaviour),
        **_handling_cells(rng, people, behaviour, start),
        **_outcome_cells(rng, people, outcomes, start),
    }
    table = _repeat_rows(rng, pa.table({header: cells[header] for header in HEADERS}))
    frame: pd.DataFrame = table.to_pandas(types_mapper={pa.large_string(): pd.StringDtype(na_value=np.nan)}.get)
    return frame


def to_csv_bytes(frame: pd.DataFrame) -> bytes:
    """Write text cells as CSV: UTF-8, commas, quotes only where a cell needs them.

    Parameters
    ----------
    frame : DataFrame
        Text cells without missing values.
    """
    header = ",".join(_quoted(pa.array(list(frame.columns), pa.large_string())).to_pylist()) + "\n"
    if frame.empty:
        return header.encode()
    cells = [_quoted(pa.array(frame[name], type=pa.large_string())) for name in frame.columns]
    cells[-1] = _join(cells[-1], "\n")
    lines = pc.binary_join_element_wise(*cells, pa.scalar(",", pa.large_string()))
    # Text of neighbouring rows lies end to end in memory: that is the file already.
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int64)[lines.offset: lines.offset + len(lines) + 1]
    body: bytes = lines.buffers()[2].slice(int(offsets[0]), int(offsets[-1] - offsets[0])).to_pybytes()
    return header.encode() + body


# --- who they are and what they do --------------------------------------------------------------------------


def _invent_companies(rng: np.random.Generator, n: int) -> _Companies:
    number = rng.permutation(n)
    first, rest = number % len(COMPANY_FIRST), number // len(COMPANY_FIRST)
    second, rest = rest % len(COMPANY_SECOND), rest // len(COMPANY_SECOND)
    region, rest = rest % len(COMPANY_REGION), rest // len(COMPANY_REGION)
    words = _join(_pick(COMPANY_FIRST, first), _pick([f" {word}" for word in COMPANY_SECOND], second),
                  _pick([f" {word}".rstrip() for word in COMPANY_REGION], region),
                  _where(rest > 0, _join(" ", _digits(rest + 1)), ""))
    employees = np.clip(np.exp(rng.normal(4.6, 1.5, n)), 2, 60_000).astype(np.int64)
    revenue = np.clip(employees * np.exp(rng.normal(11.7, 0.6, n)), 20_000, 9e10).astype(np.int64)
    funding = np.clip(np.log10(employees) * 1.6 - 1 + rng.normal(0, 1.1, n), 0, 5).astype(np.int64)
    return _Companies(
        name=_join(words, _pick(LEGAL_FORMS, rng.integers(0, len(LEGAL_FORMS), n))),
        domain=_join(pc.replace_substring(pc.utf8_lower(words), " ", "-"), ".example"),
        industry=_draw(rng, [share for _, share, _ in INDUSTRIES], n),
        employees=employees, revenue=revenue,
        place=_draw(rng, [share for _, _, share in PLACES], n),
        stack=rng.integers(0, len(STACKS), n), funding=funding,
    )


def _invent_people(rng: np.random.Generator, n: int, companies: _Companies) -> _People:
    owner = rng.integers(0, len(OWNERS), n)
    medians = np.array([hours for _, hours in OWNERS])
    return _People(
        company=rng.integers(0, len(companies.employees), n),
        title=_draw(rng, [share for _, share, _ in TITLES], n),
        source=_draw(rng, [source[1] for source in SOURCES], n),
        product=_draw(rng, [share for _, share, _ in PRODUCTS], n),
        owner=owner,
        created_hour=np.sort(rng.random(n) ** 0.85 * CAMPAIGN_DAYS * 24),
        response_hours=medians[owner] * np.exp(rng.normal(0, 0.9, n)),
    )


def _behave(rng: np.random.Generator, people: _People) -> _Behaviour:
    n = len(people.title)
    engagement = rng.normal(0, 1, n)
    intent = 0.55 * engagement + 0.84 * rng.normal(0, 1, n)
    sessions = 1 + rng.poisson(np.exp(0.7 + 0.6 * engagement))
    pages = sessions + rng.poisson(sessions * np.exp(0.5 + 0.3 * intent))
    delivered = rng.poisson(9, n)
    opened = rng.binomial(delivered, _sigmoid(-0.8 + 0.8 * engagement))
    clicked = rng.binomial(opened, _sigmoid(-1.3 + 0.6 * intent))
    return _Behaviour(
        engagement=engagement, intent=intent, sessions=sessions, pages=pages,
        seconds=(pages * np.exp(rng.normal(3.6, 0.7, n))).astype(np.int64),
        downloads=rng.poisson(np.exp(-0.8 + 0.6 * engagement)), forms=rng.poisson(np.exp(-0.9 + 0.7 * intent)),
        pricing=rng.poisson(np.exp(-0.9 + 0.9 * intent)), delivered=delivered, opened=opened, clicked=clicked,
        replied=rng.binomial(opened, _sigmoid(-3.2 + 0.7 * intent)),
        meetings=rng.binomial(2, _sigmoid(-2.9 + 0.8 * intent)),
    )


def _close(rng: np.random.Generator, people: _People, companies: _Companies, behaviour: _Behaviour) -> _Outcomes:
    n = len(people.title)
    converts = rng.random(n) < _sigmoid(_log_odds(people, companies, behaviour) + rng.normal(0, UNSEEN_SPREAD, n))
    days = np.where(converts, rng.lognormal(3.3, 0.6, n), rng.lognormal(3.3, 0.7, n))
    close_hour = people.created_hour + 24 * days
    closed = (close_hour <= CAMPAIGN_DAYS * 24) & (converts | (rng.random(n) > 0.05))
    employees = companies.employees[people.company]
    amount = np.clip(900 * employees ** 0.45 * np.exp(rng.normal(0.4, 0.6, n)), 400, 2e6)
    return _Outcomes(closed & converts, closed & ~converts, close_hour, amount.astype(np.int64))


def _log_odds(people: _People, companies: _Companies, behaviour: _Behaviour) -> Floats:
    """Say how likely each lead is to convert, in log-odds."""
    elapsed = people.created_hour / (CAMPAIGN_DAYS * 24)
    late = people.created_hour > (CAMPAIGN_DAYS - LAST_QUARTER_DAYS) * 24
    first = np.array([source[2] for source in SOURCES])[people.source]
    last = np.array([source[3] for source in SOURCES])[people.source]
    size = np.log10(companies.employees[people.company]) - 2
    # The middle of the market buys best: too small cannot pay, too large takes too long.
    fit = (_effects(TITLES)[people.title] + _effects(INDUSTRIES)[companies.industry[people.company]]
           + _effects(PRODUCTS)[people.product] + 0.5 - 0.45 * size ** 2)
    interest = 0.5 * behaviour.engagement + 1.0 * behaviour.intent + 0.7 * (behaviour.pricing > 0)
    speed = -0.15 * np.log(people.response_hours / 8)
    origin = first + (last - first) * elapsed + LAST_QUARTER_RISE * late
    odds: Floats = BASE_LOG_ODDS + origin + fit + interest + speed
    return odds


def _effects(table: Sequence[tuple[str, float, float]]) -> Floats:
    return np.array([effect for _, _, effect in table])


def _names(table: Sequence[tuple[Any, ...]]) -> list[str]:
    return [row[0] for row in table]


def _sigmoid(values: Floats) -> Floats:
    odds: Floats = 1 / (1 + np.exp(-values))
    return odds


def _draw(rng: np.random.Generator, shares: Sequence[float], n: int) -> Ints:
    """Draw positions with the given shares, which need not sum to one."""
    borders = np.cumsum(shares) / np.sum(shares)
    return np.minimum(np.searchsorted(borders, rng.random(n)), len(shares) - 1).astype(np.int64)


# --- cells, as different people and programs wrote them -----------------------------------------------------


def _identity_cells(rng: np.random.Generator, people: _People, companies: _Companies) -> dict[str, Cells]:
    n = len(people.title)
    last_code = rng.integers(0, len(LAST_NAMES), n)
    number = np.arange(n)
    return {
        "Record ID": _digits(70_001 + 3 * number),
        "First Name": _spell(rng, FIRST_NAMES, rng.integers(0, len(FIRST_NAMES), n), TYPED),
        "Last Name": _spell(rng, LAST_NAMES, last_code, TYPED),
        "Email": _emails(rng, last_code, number, companies.domain.take(pa.array(people.company))),
        "Phone Number": _phones(rng, companies.place[people.company]),
        "Job Title": _spell(rng, _names(TITLES), people.title, {**TYPED, _missing: 0.05}),
        "Notes": _blank(_pick(NOTES, rng.integers(0, len(NOTES), n)), rng.random(n) > 0.12),
    }


def _emails(rng: np.random.Generator, last_code: Ints, number: Ints, domain: Cells) -> Cells:
    """Write addresses under names reserved for examples; a few are mistyped or missing."""
    n = len(number)
    plain = [_ascii(name) for name in LAST_NAMES]
    private = rng.integers(0, 12, n)
    places = _choose(np.minimum(private, 3), _pick(["example.com"], number * 0), _pick(["example.org"], number * 0),
                     _pick(["example.net"], number * 0), domain)
    user = _join(_pick(plain, last_code), _digits(number + 11))
    good = _join(user, "@", places)
    kind = _draw(rng, [0.93, 0.035, 0.02, 0.006, 0.005, 0.004], n)
    return _choose(kind, good, pc.utf8_upper(good), _same("", n), _join(user, "(at)", places), user,
                   _join(user, "@@", places))


def _phones(rng: np.random.Generator, place: Ints) -> Cells:
    """Write numbers from ranges kept free for fiction; some come masked from a data provider, some are missing."""
    n = len(place)
    two, three = _two_digits(rng.integers(0, 100, n)), _three_digits(rng.integers(0, 1_000, n))
    area = _digits(rng.integers(201, 990, n))
    american = _join("+1 (", area, ") 555-01", two)
    country = np.array([{"United Kingdom": 1, "Germany": 2, "France": 3}.get(name, 0) for name, _, _ in PLACES])[place]
    numbers = _choose(country, american, _join("+44 7700 900", three), _join("+49 30 23125 ", three),
                      _join("+33 1 99 00 ", two, " 07"))
    kind = _draw(rng, [0.80, 0.11, 0.05, 0.04], n)
    return _choose(kind, numbers, _same("", n), _join("+** *** *** ", two), _join(area, ".555.01", two))


def _company_cells(rng: np.random.Generator, people: _People, companies: _Companies) -> dict[str, Cells]:
    n, company = len(people.title), people.company
    company_name, domain = companies.name.take(pa.array(company)), companies.domain.take(pa.array(company))
    employees = companies.employees[company]
    place = companies.place[company]
    return {
        "Company name": _choose(_draw(rng, [0.95, 0.02, 0.03], n), company_name, pc.utf8_upper(company_name),
                                _same("", n)),
        "Website URL": _choose(_draw(rng, [0.6, 0.3, 0.1], n), _join("https://www.", domain), domain, _same("", n)),
        "Industry": _spell(rng, _names(INDUSTRIES), companies.industry[company],
                           {_as_is: 0.87, _unselected: 0.06, str.upper: 0.04, _missing: 0.03}),
        "Number of Employees": _choose(_draw(rng, [0.8, 0.12, 0.08], n), _digits(employees), _grouped(employees),
                                       _same("", n)),
        "Annual Revenue": _blank(_money(rng, companies.revenue[company]), rng.random(n) < 0.12),
        "City": _spell(rng, [city for _, city, _ in PLACES], place, {**TYPED, _missing: 0.06}),
        "Country/Region": _spell(rng, _names(PLACES), place, {_as_is: 0.92, str.lower: 0.05, _missing: 0.03}),
        "Technology stack": _pick(STACKS, companies.stack[company]),
        "Funding stage": _blank(_pick(FUNDING, companies.funding[company]), rng.random(n) < 0.25),
    }


def _origin_cells(rng: np.random.Generator, people: _People, start: datetime) -> dict[str, Cells]:
    n = len(people.title)
    cost = np.array([source[4] for source in SOURCES])[people.source] * np.exp(rng.normal(0, 0.25, n))
    cents = np.rint(cost * 100).astype(np.int64)
    decimals = _join(_digits(cents // 100), ".", _two_digits(cents % 100))
    return {
        "Original Source": _spell(rng, _names(SOURCES), people.source,
                                  {_as_is: 0.93, str.lower: 0.03, _trailing_space: 0.02, _missing: 0.02}),
        "Campaign": _campaigns(people, start),
        "Product interest": _spell(rng, _names(PRODUCTS), people.product,
                                   {_as_is: 0.9, _unselected: 0.07, _missing: 0.03}),
        "Create Date": _dates(rng, people.created_hour, start, [0.62, 0.25, 0.11, 0.02]),
        "Cost per lead": _choose(_draw(rng, [0.7, 0.25, 0.05], n), _join("$", decimals), decimals, _same("", n)),
    }


def _campaigns(people: _People, start: datetime) -> Cells:
    """Name one campaign a source and quarter."""
    days = (people.created_hour // 24).astype(np.int64)
    quarters = [(start + timedelta(days=day)) for day in range(CAMPAIGN_DAYS + 1)]
    by_day = [f" {day.year} Q{(day.month + 2) // 3}" for day in quarters]
    return _join(_pick(_names(SOURCES), people.source), _pick(by_day, days))


def _behaviour_cells(rng: np.random.Generator, people: _People, behaviour: _Behaviour) -> dict[str, Cells]:
    n = len(people.title)
    # Whoever was met at a booth is often not recognised on the site.
    untracked = rng.random(n) < np.where(people.source == TRADE_SHOW, 0.6, 0.03)
    site = {"Number of Sessions": behaviour.sessions, "Number of Pageviews": behaviour.pages,
            "Time on site": behaviour.seconds, "Pricing page views": behaviour.pricing}
    rest = {"Content downloads": behaviour.downloads, "Form Submissions": behaviour.forms,
            "Emails delivered": behaviour.delivered, "Emails opened": behaviour.opened,
            "Emails clicked": behaviour.clicked, "Emails replied": behaviour.replied,
            "Meetings booked": behaviour.meetings}
    return {**{header: _blank(_digits(counts), untracked) for header, counts in site.items()},
            **{header: _digits(counts) for header, counts in rest.items()}}


def _handling_cells(rng: np.random.Generator, people: _People, behaviour: _Behaviour,
                    start: datetime) -> dict[str, Cells]:
    n = len(people.title)
    last = people.created_hour + rng.exponential(24 * 12 * np.exp(0.25 * behaviour.engagement))
    contacted = people.created_hour + people.response_hours
    end_hour = CAMPAIGN_DAYS * 24.0
    return {
        "Last Activity Date": _dates(rng, np.minimum(last, end_hour), start, [0.7, 0.2, 0.1, 0.0]),
        "First contact date": _blank(_dates(rng, np.minimum(contacted, end_hour), start, [0.9, 0.0, 0.1, 0.0]),
                                     (contacted > end_hour) | (rng.random(n) < 0.06)),
        "Marketing consent": _pick(("Yes", "yes", "No", ""), _draw(rng, [0.74, 0.05, 0.13, 0.08], n)),
        "Do not call": _pick(("No", "FALSE", "Yes", ""), _draw(rng, [0.84, 0.05, 0.04, 0.07], n)),
        "Contact owner": _pick(_names(OWNERS), people.owner),
    }


def _outcome_cells(rng: np.random.Generator, people: _People, outcomes: _Outcomes, start: datetime) -> dict[str, Cells]:
    n = len(people.title)
    closed = outcomes.converted | outcomes.lost
    age = CAMPAIGN_DAYS * 24 - people.created_hour
    open_stage = np.select([age < people.response_hours, rng.random(n) < 0.75], [0, 1], 2)
    stage = np.select([outcomes.converted, outcomes.lost], [3, 4], open_stage)
    tags = _choose(np.where(outcomes.converted, 0, 1), _pick(WON_TAGS, rng.integers(0, len(WON_TAGS), n)),
                   _pick(LOST_TAGS, rng.integers(0, len(LOST_TAGS), n)))
    closing = np.minimum(outcomes.close_hour, CAMPAIGN_DAYS * 24.0)
    return {
        "Lead Status": _spell(rng, STAGES, stage, {_as_is: 0.96, str.lower: 0.04}),
        "Close date": _blank(_dates(rng, closing, start, [0.8, 0.2, 0.0, 0.0]), ~closed),
        "Deal amount": _blank(_money(rng, outcomes.amount), ~outcomes.converted),
        "Sales notes tag": _blank(tags, ~closed | (rng.random(n) < 0.18)),
    }


def _repeat_rows(rng: np.random.Generator, table: pa.Table) -> pa.Table:
    """Put duplicates over a few rows, each after its first appearance, and the header over two in the middle."""
    n = table.num_rows
    copies = np.sort(rng.choice(n, size=int(n * DUPLICATE_SHARE), replace=False))
    rows = np.arange(n)
    rows[copies] = rng.integers(0, np.maximum(copies, 1))
    repeated = table.take(pa.array(rows)).combine_chunks()
    # Half of the duplicates are the same person under a second id, as two systems would send it.
    second = np.zeros(n, dtype=bool)
    second[copies[::2]] = True
    ids = _where(second, _digits(9_000_001 + np.arange(n)), repeated.column("Record ID").chunk(0))
    repeated = repeated.set_column(0, "Record ID", ids)
    if n < REPEATED_HEADER_FROM:
        return repeated
    header = pa.table({name: _same(name, 1) for name in HEADERS})
    first, last = n // 3, 2 * n // 3
    return pa.concat_tables([repeated.slice(0, first), header, repeated.slice(first + 1, last - first - 1), header,
                             repeated.slice(last + 1)]).combine_chunks()


# --- small writers of text ----------------------------------------------------------------------------------


def _pick(values: Sequence[str], codes: Ints) -> Cells:
    return pa.array(values, pa.large_string()).take(pa.array(codes))


def _same(text: str, n: int) -> Cells:
    return pa.repeat(pa.scalar(text, pa.large_string()), n)


def _text(value: Any) -> Cells:
    return pa.scalar(value, pa.large_string()) if isinstance(value, str) else value


def _join(*parts: Any) -> Cells:
    return pc.binary_join_element_wise(*(_text(part) for part in parts), pa.scalar("", pa.large_string()))


def _where(mask: Flags, then: Any, otherwise: Any) -> Cells:
    return pc.if_else(pa.array(mask), _text(then), _text(otherwise))


def _blank(cells: Cells, mask: Flags) -> Cells:
    return _where(mask, "", cells)


def _choose(codes: Ints, *choices: Cells) -> Cells:
    return pc.choose(pa.array(codes, pa.int64()), *choices)


def _digits(numbers: Ints) -> Cells:
    return pa.array(numbers, pa.int64()).cast(pa.large_string())


def _two_digits(numbers: Ints) -> Cells:
    return _pick([f"{number:02d}" for number in range(100)], numbers)


def _three_digits(numbers: Ints) -> Cells:
    return _pick([f"{number:03d}" for number in range(1_000)], numbers)


def _grouped(numbers: Ints) -> Cells:
    """Write whole numbers with commas between the thousands."""
    if not (numbers >= 1_000).any():
        return _digits(numbers)
    in_groups = _join(_grouped(numbers // 1_000), ",", _three_digits(numbers % 1_000))
    return _where(numbers >= 1_000, in_groups, _digits(numbers))


def _money(rng: np.random.Generator, dollars: Ints) -> Cells:
    """Write amounts as people do: ``$1,117,100``, ``1117100``, ``$1,117.10K`` or ``$1.12M``."""
    n = len(dollars)
    hundredths = dollars // 10
    in_thousands = _join("$", _grouped(hundredths // 100), ".", _two_digits(hundredths % 100), "K")
    in_millions = _join("$", _grouped(dollars // 1_000_000), ".", _two_digits(dollars // 10_000 % 100), "M")
    short = _where(dollars >= 10_000_000, in_millions, in_thousands)
    return _choose(_draw(rng, [0.5, 0.35, 0.15], n), _join("$", _grouped(dollars)), _digits(dollars), short)


def _dates(rng: np.random.Generator, hours: Floats, start: datetime, shares: Sequence[float]) -> Cells:
    """Write moments in the shares given: ISO, ``DD/MM/YYYY``, ``DD/MM/YYYY HH:MM``, ``15 Apr, 2021 00:03:00``."""
    minutes = (hours * 60).astype(np.int64) + start.hour * 60 + start.minute
    form = _draw(rng, shares, len(hours))
    days = [start.date() + timedelta(days=offset) for offset in range(CAMPAIGN_DAYS + 2)]
    dates = [text for day in days for text in (f"{day:%Y-%m-%d}", f"{day:%d/%m/%Y}", f"{day:%d/%m/%Y}",
                                               f"{day.day:02d} {MONTHS[day.month - 1]}, {day.year}")]
    clocks = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(1_440)]
    times = [text for clock in clocks for text in (f" {clock}", "", f" {clock}", f" {clock}:00")]
    return _join(_pick(dates, minutes // 1_440 * 4 + form), _pick(times, minutes % 1_440 * 4 + form))


def _spell(rng: np.random.Generator, values: Sequence[str], codes: Ints, spellings: Spellings) -> Cells:
    """Pick values, each in one of the spellings, drawn by their shares."""
    words = [spelling(value) for value in values for spelling in spellings]
    return _pick(words, codes * len(spellings) + _draw(rng, list(spellings.values()), len(codes)))


def _ascii(name: str) -> str:
    """Spell a name for an address."""
    return "".join(ASCII.get(letter, letter) for letter in name.lower() if letter.isalpha())


def _quoted(cells: Cells) -> Cells:
    """Put quotes round the cells that need them."""
    needs = pc.match_substring_regex(cells, '[",\r\n]')
    if not pc.any(needs).as_py():
        return cells
    return pc.if_else(needs, _join('"', pc.replace_substring(cells, '"', '""'), '"'), cells)


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ASCII = dict(zip("çéíäöüáćëłńøşıżñãễ", "ceiaouacelnosiznae", strict=True))

HEADERS = (
    "Record ID", "First Name", "Last Name", "Email", "Phone Number", "Job Title", "Company name", "Website URL",
    "Industry", "Number of Employees", "Annual Revenue", "City", "Country/Region", "Original Source", "Campaign",
    "Create Date", "Last Activity Date", "First contact date", "Number of Sessions", "Number of Pageviews",
    "Time on site", "Content downloads", "Form Submissions", "Emails delivered", "Emails opened", "Emails clicked",
    "Emails replied", "Meetings booked", "Pricing page views", "Marketing consent", "Do not call", "Contact owner",
    "Cost per lead", "Technology stack", "Funding stage", "Product interest", "Notes", "Lead Status", "Close date",
    "Deal amount", "Sales notes tag",
)
