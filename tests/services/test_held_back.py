"""A file of the best holds a few others by chance where a client wants it: unmarked, honest, and remembered."""

import csv
import io

import numpy as np
import pytest
from sqlalchemy import text

from leadscore.access import Role
from leadscore.errors import Forbidden, InvalidRequest
from leadscore.services import delivery, governance, value
from leadscore.services.delivery import ListView
from leadscore.store import erasure
from leadscore.store.database import read, write
from tests.services.conftest import CLIENT, person

BEST = ListView(top="20%")


def rows_of(bench, statement, **values):
    with read(bench.engine) as session:
        return [tuple(row) for row in session.execute(text(statement), values)]


def taken(bench):
    return rows_of(bench, "SELECT lead_id, score, share FROM held_back_leads ORDER BY lead_id")


def export(bench, actor, view=BEST):
    made = delivery.export_leads(bench, actor, client=CLIENT, view=view, format="csv")
    return made, list(csv.DictReader(io.StringIO(made.content.decode("utf-8-sig"))))


@pytest.fixture
def fresh(trained, admin):
    """Give a client whose leads are all open, and who wants ten by chance for every hundred."""
    with write(trained.engine) as session:
        session.execute(text("UPDATE scores SET outcome = 'new', reachable = true"))
        session.execute(text("UPDATE leads SET consent = NULL, do_not_call = NULL, do_not_contact = NULL"))
    value.save_held_back_share(trained, admin, client=CLIENT, held_back_share=0.1)
    return trained


def test_without_a_share_nobody_comes_by_chance(trained, admin):
    assert export(trained, admin)[0].by_chance == 0
    assert taken(trained) == []


def test_some_from_below_the_cut_stand_among_the_best_with_their_own_score_and_rank(fresh, admin):
    page = delivery.list_leads(fresh, admin, client=CLIENT, view=BEST)
    made, rows = export(fresh, admin)
    assert abs(made.by_chance - page.by_chance) <= 1
    assert made.by_chance == pytest.approx(0.1 * page.total, abs=1)
    assert made.rows == len(rows) == page.total + made.by_chance
    ranks, scores = (np.array([float(row[name]) for row in rows]) for name in ("rank", "score"))
    low = ranks > page.total
    assert low.sum() == made.by_chance
    assert scores[low].max() <= scores[~low].min()
    # the best keep their order, and the others do not simply stand at the end
    assert (np.diff(ranks[~low]) > 0).all()
    assert not low[-made.by_chance:].all()
    whole = delivery.list_leads(fresh, admin, client=CLIENT, view=ListView(page_size=1_000)).frame
    known = dict(zip(whole["rank"], whole["score"], strict=True))
    assert all(known[int(rank)] == score for rank, score in zip(ranks[low], scores[low], strict=True))


def test_who_was_in_the_file_is_remembered_with_the_chance_it_had_and_is_exported(fresh, admin):
    made, rows = export(fresh, admin)
    kept = taken(fresh)
    below = [share for _, _, share in kept if share < 1]
    assert len(kept) == made.rows
    assert len(below) == made.by_chance
    leads = rows_of(fresh, "SELECT count(*) FROM scores")[0][0]
    best = made.rows - made.by_chance
    assert below == pytest.approx([0.1 * best / (leads - best)] * made.by_chance)
    assert rows_of(fresh, "SELECT count(*) FROM scores WHERE exported = true") == [(made.rows,)]
    detail = governance.audit_events(fresh, admin, limit=3).frame["detail"].astype(str)
    assert detail.str.contains("by_chance").any()


def test_the_same_list_again_brings_nobody_new(fresh, admin):
    export(fresh, admin)
    before = taken(fresh)
    made, _ = export(fresh, admin)
    assert made.by_chance == 0
    assert taken(fresh) == before


def test_a_list_without_a_cut_has_nobody_below_it(fresh, admin):
    assert export(fresh, admin, ListView())[0].by_chance == 0


def test_leads_whose_end_is_known_are_not_compared(fresh, admin):
    with write(fresh.engine) as session:
        session.execute(text("UPDATE scores SET outcome = 'converted'"))
    assert export(fresh, admin)[0].by_chance == 0
    assert taken(fresh) == []


@pytest.mark.parametrize("closed", [
    "UPDATE scores SET outcome = 'lost' WHERE lead_id IN ({ids})", "UPDATE scores SET exported = true WHERE lead_id IN "
    "({ids})", "UPDATE scores SET reachable = false WHERE lead_id IN ({ids})"])
def test_chance_takes_only_open_leads_that_may_be_contacted_and_nobody_had_before(fresh, admin, closed):
    ranked = delivery.list_leads(fresh, admin, client=CLIENT, view=ListView(page_size=1_000)).frame["lead_id"].tolist()
    best = delivery.list_leads(fresh, admin, client=CLIENT, view=BEST).total
    with write(fresh.engine) as session:
        session.execute(text(closed.format(ids=", ".join(map(str, ranked[best + 12:])))))
    export(fresh, admin)
    chance = {lead: share for lead, _, share in taken(fresh) if share < 1}
    assert set(chance) <= set(ranked[best:best + 12])
    assert set(chance.values()) == {0.1 * best / 12}


def test_who_must_not_be_called_is_left_out_of_those_by_chance_too(fresh, admin):
    with write(fresh.engine) as session:
        session.execute(text("UPDATE leads SET do_not_call = true WHERE id NOT IN (SELECT lead_id FROM scores ORDER BY "
                             "score DESC LIMIT 50)"))
    made, rows = export(fresh, admin)
    assert made.by_chance == 0
    assert made.rows == len(rows) == len(taken(fresh)) == 50


def test_the_best_are_said_to_convert_more_often_once_enough_have_ended(fresh, admin):
    assert value.held_back_leads(fresh, admin, client=CLIENT).sentence.startswith("Too few to tell")
    value.save_held_back_share(fresh, admin, client=CLIENT, held_back_share=0.2)
    for _ in range(3):
        export(fresh, admin, ListView(top="20", hide_exported=True))
        export(fresh, admin, ListView(top="20%", hide_exported=True))
    with write(fresh.engine) as session:
        session.execute(text("UPDATE scores SET outcome = CASE WHEN lead_id % 3 > 0 THEN 'converted' ELSE 'lost' END "
                             "WHERE lead_id IN (SELECT lead_id FROM held_back_leads WHERE share = 1)"))
        below = "SELECT lead_id FROM held_back_leads WHERE share < 1"
        session.execute(text(f"UPDATE scores SET outcome = 'lost' WHERE lead_id IN ({below})"))
        session.execute(text("UPDATE scores SET outcome = 'converted' WHERE lead_id IN (SELECT lead_id FROM "
                             f"({below} ORDER BY lead_id LIMIT 8) some)"))
    found = value.held_back_leads(fresh, admin, client=CLIENT)
    assert found.found.ratio > 1
    assert "times as often as those picked by chance (95 %: " in found.sentence
    assert (found.best, found.others) == (found.found.best.leads, found.found.others.leads)


def test_who_is_erased_is_forgotten_here_too(fresh, admin):
    export(fresh, admin)
    lead_id = taken(fresh)[0][0]
    with write(fresh.engine) as session:
        erasure.delete_leads(session, 1, [lead_id])
    assert lead_id not in {lead for lead, _, _ in taken(fresh)}


@pytest.mark.parametrize("share", [-0.01, 0.21, float("nan"), float("inf")])
def test_a_share_out_of_range_is_refused(trained, admin, share):
    with pytest.raises(InvalidRequest):
        value.save_held_back_share(trained, admin, client=CLIENT, held_back_share=share)


def test_the_share_is_a_managers_to_choose_and_the_trail_says_so(trained, admin):
    value.save_held_back_share(trained, person(Role.MANAGER, CLIENT), client=CLIENT, held_back_share=0.05)
    assert value.held_back_leads(trained, admin, client=CLIENT).share == 0.05
    assert "held_back_share_saved" in governance.audit_events(trained, admin, limit=5).frame["action"].tolist()
    with pytest.raises(Forbidden):
        value.save_held_back_share(trained, person(Role.ANALYST, CLIENT), client=CLIENT, held_back_share=0.1)
