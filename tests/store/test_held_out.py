"""Held-out leads come back as they were kept, for their client and version alone."""

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from leadscore.errors import TamperedData
from leadscore.store import held_out
from leadscore.store.database import read, write
from tests.store.samples import batch, frame


def _leads():
    leads = frame(industry=["Steel", None, "Retail"], employees=[10.0, None, 7.5],
                  demo_requested=[True, None, False], created_at=["2026-01-02T10:00:00.250Z", None, None],
                  colour=["red", "", None])
    return leads.assign(y=np.array([1, 0, 0], dtype=np.float32)).set_index(pd.Index([7, 9, 11], name="lead_id"))


def _keep(store, vault, now, client="acme", version=3):
    with write(store) as session:
        client_id, _ = batch(session, now, client)
        held_out.keep(session, vault, client_id, model_version=version, frame=_leads(), about={"base": -1.5, "é": [1]},
                      as_of=now)
    return client_id


def test_what_is_kept_comes_back_with_its_types(store, vault, now):
    client_id = _keep(store, vault, now)
    with read(store) as session:
        kept = held_out.find(session, vault, client_id, 3)
        assert held_out.find(session, vault, client_id, 4) is None
    pd.testing.assert_frame_equal(kept.frame, _leads())
    assert kept.about == {"base": -1.5, "é": [1]}
    assert kept.as_of == now


def test_no_value_can_be_read_in_the_store(store, vault, now):
    _keep(store, vault, now)
    with read(store) as session:
        body = bytes(session.execute(text("SELECT body FROM held_out")).scalar_one())
    for word in (b"Steel", b"industry", b"red", b"ARROW"):
        assert word not in body


def test_another_clients_blob_is_neither_found_nor_readable(store, vault, now):
    theirs = _keep(store, vault, now, "globex", 3)
    mine = _keep(store, vault, now, "acme", 4)
    with read(store) as session:
        assert held_out.find(session, vault, mine, 3) is None
    with write(store) as session:
        # even one that is put into my row stays closed
        session.execute(text("UPDATE held_out SET body = (SELECT h.body FROM held_out h WHERE h.client_id = :theirs) "
                             "WHERE client_id = :mine"), {"mine": mine, "theirs": theirs})
    with read(store) as session, pytest.raises(TamperedData):
        held_out.find(session, vault, mine, 4)
