"""Whatever happens to leads, what reports count is what plain Python counts from the outcomes and the scorings."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import count
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from leadscore.store import batches, endings, lead_undo, outcomes, scores
from leadscore.store import performance as counted
from leadscore.store import value as valued
from leadscore.store.database import read, write
from leadscore.store.list_filter import ListFilter
from tests.store.samples import frame, stored

LEADS = 5
CREATED = ["2023-12-31T23:59:59Z", "2024-02-28T10:00:00Z", "2024-02-29T00:00:00Z", None, "2031-01-01T12:00:00Z"]
SOURCES, OWNERS, TIERS = ["web", "web", "fair", None, "fair"], ["kim", None, "sam", "kim", None], ["High", "Low"]
CLOSED = ("converted", "lost")
NUMBERS = count()

leads = st.integers(0, LEADS - 1)
days = st.sampled_from([None, "2024-01-01", "2024-02-29", "2024-03-01", "2025-12-31", "2026-02-28", "2031-01-01"])
money = st.sampled_from([(None, None), (100.0, "EUR"), (0.0, "EUR"), (40.5, "USD"), (7.25, None)])
stages = st.sampled_from(["contacted", "qualified", "converted", "converted", "lost", "lost", "new"])
told = st.tuples(st.lists(leads, min_size=1, max_size=3, unique=True), stages, days, money)
happening = st.one_of(
    st.tuples(st.just("score"), st.lists(leads, min_size=1, max_size=LEADS, unique=True),
              st.sampled_from([None, 3, 4]), st.lists(st.integers(0, 1000), min_size=LEADS, max_size=LEADS)),
    st.tuples(st.just("say"), told), st.tuples(st.just("say"), told), st.tuples(st.just("import"), told),
    st.tuples(st.just("take back"), st.lists(leads, min_size=1, max_size=3, unique=True)),
    st.tuples(st.just("undo"), st.integers(0, 3)))


class Told:
    """One client to whom things happen, an hour apart, and what was foretold before anybody knew an end."""

    def __init__(self, store, vault, now, name):
        self.store, self.vault, self.now, self.imports = store, vault, now, []
        self.told_of, self.stood, self.noted = set(), {}, {}
        created = pd.to_datetime(CREATED, utc=True, format="ISO8601")
        with write(store) as session:
            self.client_id, self.batch_id, self.ids = stored(
                session, vault, now, frame(company=list("abcde"), created_at=created), client=name)
        self.ids = [int(lead) for lead in self.ids]
        self.happen(("score", list(range(LEADS)), None, [905, 400, 123, 0, 1000]))

    def happen(self, what):
        self.now += timedelta(hours=1)
        {"score": self.score, "say": self.say, "import": self.say_by_file, "take back": self.take_back,
         "undo": self.undo}[what[0]](*what[1:])
        for row in _rows(self.store, self.client_id, "scores"):
            if row.outcome in CLOSED:
                self.noted.setdefault(row.lead_id, self.stood[row.lead_id])

    def score(self, positions, model, values):
        ids, points = [self.ids[place] for place in positions], [values[place] / 10 for place in positions]
        chances = [None if model is None else value / 100 for value in points]
        table = pd.DataFrame({
            "rule_score": points, "probability": pd.Series(chances, dtype=float).to_numpy(), "blended": points,
            "score": points, "fit": 1.0, "engagement": 2.0, "qualified": [value >= 60 for value in points],
            "reachable": True, "tier": pd.array([TIERS[value < 50] for value in points], dtype="str"),
            "owner": pd.array([OWNERS[place] for place in positions], dtype="str"),
            "source": pd.array([SOURCES[place] for place in positions], dtype="str")}, index=ids)
        with write(self.store) as session:
            run = scores.new_run(session, self.client_id, policy_version=1, model_version=model, as_of=self.now,
                                 rows=len(ids), started_by="ann", now=self.now)
            scores.replace_scores(session, self.client_id, run, table)
        for lead, value, chance in zip(ids, points, chances, strict=True):
            if lead not in self.told_of:
                self.stood[lead] = (math.floor(value * 10 + 1e-6), chance)

    def say(self, told):
        places, stage, day, (revenue, currency) = told
        at = pd.Timestamp(day, tz="UTC").to_pydatetime() if day else None
        with write(self.store) as session:
            outcomes.record(session, self.client_id, [self.ids[place] for place in places], stage=stage, at=at,
                            revenue=revenue, currency=currency, recorded_by="ann", now=self.now)
        self.know(places, stage)

    def say_by_file(self, told):
        places, stage, day, (revenue, currency) = told
        table = pd.DataFrame({"lead_id": [self.ids[place] for place in places], "stage": stage,
                              "at": pd.Series([day and f"{day}T00:00:00.000Z"] * len(places), dtype=object),
                              "revenue": pd.Series([revenue] * len(places), dtype=float),
                              "currency": pd.Series([currency] * len(places), dtype=object)})
        with write(self.store) as session:
            batch_id = batches.create(session, self.client_id, filename="o.csv", sha256="1" * 64, imported_by="a",
                                      now=self.now, custom_fields=())
            outcomes.append(session, self.client_id, table, batch_id=batch_id, origin="import", recorded_by="a",
                            now=self.now)
        self.imports.append(batch_id)
        self.know(places, stage)

    def know(self, places, stage):
        if stage in CLOSED:
            self.told_of.update(self.ids[place] for place in places)

    def take_back(self, places):
        self.forget(row.lead_id for row in self.ended() if row.lead_id in {self.ids[place] for place in places})
        with write(self.store) as session:
            outcomes.take_back(session, self.client_id, [self.ids[place] for place in places])

    def undo(self, place):
        if place < len(self.imports):
            self.forget(row.lead_id for row in self.ended() if row.lead_id in {
                told.lead_id for told in _rows(self.store, self.client_id, "outcomes")
                if told.batch_id == self.imports[place]})
            with write(self.store) as session:
                lead_undo.undo_batch(session, self.vault, client_id=self.client_id,
                                     batch_id=self.imports.pop(place), now=self.now)


    def ended(self):
        return [row for row in _rows(self.store, self.client_id, "outcomes") if row.stage in CLOSED]

    def forget(self, leads_):
        for lead in leads_:
            self.noted.setdefault(lead, None)


def _rows(store, client_id, table):
    with read(store) as session:
        found = session.execute(text(f"SELECT * FROM {table} WHERE client_id = :client"), {"client": client_id})
        return [SimpleNamespace(**row) for row in found.mappings()]


def _expected(lead, day, rows, told):
    """Say what the outcomes of a lead tell: the facts, and what was foretold."""
    def moment(row):
        return (row.at or "") if (row.at or "") <= row.recorded_at else row.recorded_at

    stands = max(rows, key=lambda row: (moment(row), row.id)).stage if rows else "new"
    sold, ended = stands == "converted", stands in CLOSED
    word = max((row for row in rows if row.stage == stands), key=lambda row: row.id) if ended else None
    on = word and word.at and min(word.at, word.recorded_at)[:10]
    contacted = min((min(row.at, row.recorded_at)[:10] for row in rows
                     if row.stage == "contacted" and row.at), default=None)
    passed = {row.stage for row in rows}
    steps = ["converted"] * sold + [stage for stage in ("qualified", "contacted") if stage in passed]
    if stands == "new":
        steps, contacted = [], None
    facts = {"furthest": steps[0] if steps else None, "decided_on": on,
             "days_to_contact": _between(day, contacted), "days_to_conversion": _between(day, on) if sold else None,
             "revenue": word.revenue if sold else None, "currency": (word.currency or "") if sold else None}
    said = told.noted.get(lead)
    foretold = (*said, "before") if said else (None, None, "known" if lead in told.noted else None)
    return stands, facts | dict(zip(endings.FORETOLD, foretold, strict=True))


def _between(first, last):
    passed = (date.fromisoformat(last) - date.fromisoformat(first)).days if first and last else -1
    return passed if passed >= 0 else None


def _counted_again(rows, *names):
    found = defaultdict(lambda: [0, 0.0])
    for row in rows:
        key = tuple(getattr(row, name) for name in names)
        found[key] = [found[key][0] + 1, found[key][1] + (row.revenue or 0.0)]
    return {key: (leads_, pytest.approx(revenue)) for key, (leads_, revenue) in found.items()}


def _table(frame_, *names):
    plain = frame_.astype(object).where(frame_.notna(), None)
    found = defaultdict(lambda: (0, 0.0))
    for row in plain.itertuples():
        key = tuple(getattr(row, name) for name in names)
        found[key] = (found[key][0] + row.leads, found[key][1] + row.revenue)
    return dict(found)


def _check_counts(store, client_id, chosen, rows):
    ended = [row for row in rows if row.outcome != "new"]
    known = [row for row in rows if row.outcome in CLOSED and row.foretold is not None]
    sales = [row for row in ended if row.outcome == "converted"]
    with read(store) as session:
        (cells, countries), by_day = counted.everybody(session, client_id, chosen), counted.days(session, client_id,
                                                                                                 chosen)
        assert _table(counted.ended(session, client_id, chosen), *counted.ENDING) == _counted_again(
            ended, *counted.ENDING)
        assert _table(counted.foretold(session, client_id, chosen), *counted.FORETOLD) == _counted_again(
            known, *counted.FORETOLD)
        assert _table(counted.decided(session, client_id, chosen), "decided_on", "currency") == _counted_again(
            sales, "decided_on", "currency")
        after = counted.decided_after(session, client_id, chosen, "2024-02-29")
        waits, contacts = counted.waits(session, client_id, chosen), counted.contact_waits(session, client_id, chosen)
        by_score, sold = valued.by_score(session, client_id, chosen), valued.sold(session, client_id, chosen)
    for counts in (cells, countries, by_day):
        assert counts["leads"].sum() == len(rows)
        assert counts["score"].sum() == pytest.approx(sum(row.score for row in rows))
    for counts in (cells, by_day):
        assert counts["chances"].sum() == sum(row.probability is not None for row in rows)
    later = [row for row in sales if row.decided_on and row.decided_on > "2024-02-29"]
    assert _table(after, "source", "currency", "days") == _counted_again(later, "source", "currency",
                                                                         "days_to_conversion")
    assert dict(zip(contacts["days"], contacts["leads"], strict=True)) == Counter(
        row.days_to_contact for row in ended if row.days_to_contact is not None)
    assert waits["leads"].sum() == sum(row.days_to_conversion is not None for row in sales)
    assert dict(zip(by_score["score"], by_score["leads"], strict=True)) == Counter(row.foretold for row in known)
    assert by_score["converted"].sum() == sum(row.outcome == "converted" for row in known)
    amounts = defaultdict(float)
    for row in known:
        if row.outcome == "converted" and row.revenue is not None:
            amounts[row.currency or ""] += row.revenue
    assert dict(zip(sold["currency"], sold["revenue"], strict=True)) == pytest.approx(amounts)


ANEW = ("score", [0, 1], 3, [990] * LEADS)
"""A model has learnt how the first two leads ended."""
LOST = ([0, 1], "lost", None, (None, None))


@example(happenings=[(False, ("say", LOST)), (False, ANEW), (False, ("take back", [0])), (False, ("say", LOST))])
@example(happenings=[(False, ("import", LOST)), (False, ANEW), (False, ("undo", 0)), (False, ANEW),
                     (False, ("import", LOST))])
@example(happenings=[(False, ("import", LOST)), (False, ANEW), (False, ("say", ([0], "converted", None, (5.0, "EUR")))),
                     (False, ("undo", 0)), (False, ANEW)])
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings=st.lists(st.tuples(st.booleans(), happening), min_size=1, max_size=14))
def test_what_became_of_leads_is_what_their_outcomes_tell_whatever_happens(store, vault, now, happenings):
    clients = [Told(store, vault, now, f"client {next(NUMBERS)}") for _ in range(2)]
    for other, what in happenings:
        clients[other].happen(what)
    for client in clients:
        rows, told = _rows(store, client.client_id, "scores"), _rows(store, client.client_id, "outcomes")
        assert len(rows) == LEADS
        for row in rows:
            created = CREATED[client.ids.index(row.lead_id)]
            day = min(created[:10], "2026-03-01") if created else "2026-03-01"
            stands, expected = _expected(row.lead_id, day, [one for one in told if one.lead_id == row.lead_id], client)
            assert (row.day, row.outcome) == (day, stands)
            found = {name: getattr(row, name) for name in expected}
            assert found == expected
        _check_counts(store, client.client_id, ListFilter(), rows)
        _check_counts(store, client.client_id, ListFilter(sources=("web",), days=("2024-01-01", "2024-02-29")),
                      [row for row in rows if row.source == "web" and "2024-01-01" <= row.day <= "2024-02-29"])
