"""Leads below the cut are counted, picked and remembered by the database, on both databases, for one client alone."""

import pandas as pd
import pytest
from sqlalchemy import text

from leadscore.store import held_back, scores
from leadscore.store.database import read, write
from leadscore.store.held_back import OpenLeads
from leadscore.store.list_filter import ListFilter
from tests.store.samples import frame, stored
from tests.store.test_scores import score_frame


@pytest.fixture
def ranked(store, vault, now):
    """Give twelve leads, the best first; the third must not be contacted, the eighth was exported, the ninth ended."""
    with write(store) as session:
        client_id, _, ids = stored(session, vault, now, frame(company=list("abcdefghijkl")))
        run = scores.new_run(session, client_id, policy_version=1, model_version=None, as_of=now, rows=12,
                             started_by="ann", now=now)
        scores.replace_scores(session, client_id, run, pd.concat([score_frame(ids[:6]), score_frame(ids[6:])]))
        session.execute(text("UPDATE scores SET score = 100 - lead_id, reachable = lead_id <> 3, exported = lead_id = 8"
                             ", outcome = CASE WHEN lead_id = 9 THEN 'lost' ELSE 'contacted' END"))
    return store, client_id


def test_open_leads_are_counted_above_and_below_the_cut(ranked):
    with read(ranked[0]) as session:
        assert held_back.open_leads(session, ranked[1], 5) == OpenLeads(best=4, below=5)
        assert held_back.open_leads(session, ranked[1], 50) == OpenLeads(best=9, below=0)
        assert held_back.open_leads(session, ranked[1] + 1, 5) == OpenLeads(best=0, below=0)
        assert held_back.open_leads(session, ranked[1], 2, ListFilter(min_score=95)) == OpenLeads(best=2, below=2)


def test_leads_are_picked_by_their_number_among_the_open_ones_and_keep_their_place(ranked):
    with read(ranked[0]) as session:
        found = held_back.pick_below(session, ranked[1], 5, [2, 3, 5, 99])
        assert found.to_dict() == {7: 7, 10: 10, 12: 12}
        assert held_back.pick_below(session, ranked[1], 5, []).empty


def test_who_was_in_a_file_is_kept_once_and_counted_by_the_chance_it_had(ranked, now):
    store, client_id = ranked
    with write(store) as session:
        taken = pd.DataFrame({"score": [99.0, 98.0, 90.0], "share": [1.0, 1.0, 0.25]}, index=[1, 2, 10])
        assert held_back.keep(session, client_id, taken, now=now) == 3
        assert held_back.keep(session, client_id, taken.assign(share=0.5), now=now) == 0
        session.execute(text("UPDATE scores SET outcome = 'converted' WHERE lead_id IN (1, 10)"))
    with read(store) as session:
        found = held_back.counts(session, client_id)
        assert found.to_numpy().tolist() == [[0.25, 1, 1, 1], [1.0, 2, 1, 1]]
        assert held_back.counts(session, client_id, ListFilter(min_score=95))["share"].tolist() == [1.0]
        assert held_back.counts(session, client_id + 1).empty
