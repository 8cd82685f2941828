"""Vectors keep their dot products and hide their words; both databases find the same leads."""

from __future__ import annotations

import numpy as np
import pytest

from leadscore.store import erasure, lead_undo, vectors
from leadscore.store.database import read, write
from leadscore.store.vault import Vault
from tests.store.samples import people, stored

SPACE = "test-8"


def unit(rows, dimensions=8, seed=0):
    made = np.random.default_rng(seed).standard_normal((rows, dimensions)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def kept(session, vault, now, rows=6, client="acme"):
    client_id, _, lead_ids = stored(session, vault, now, people(rows), client=client)
    vectors.ensure_index(session, 8)
    made = unit(rows)
    vectors.save(session, vault, client_id, SPACE, lead_ids=lead_ids, texts=[f"d{n}" for n in range(rows)],
                 vectors=made)
    return client_id, lead_ids, made


def test_turning_keeps_dot_products_and_moves_every_vector(vault):
    made = unit(40, 256)
    turned = vectors.turned(vault, made)
    np.testing.assert_allclose(turned @ turned.T, made @ made.T, atol=1e-5)
    assert np.abs((turned * made).sum(axis=1)).max() < 0.4


def test_another_secret_turns_otherwise(vault):
    other = Vault(b"another secret, long enough too")
    made = unit(5, 256)
    assert np.abs((vectors.turned(vault, made) * vectors.turned(other, made)).sum(axis=1)).max() < 0.4


def test_what_was_stored_comes_back(store, vault, now):
    with write(store) as session:
        client_id, lead_ids, made = kept(session, vault, now)
    with read(store) as session:
        ids, rows = vectors.load(session, client_id, SPACE)
        assert ids.tolist() == lead_ids.tolist()
        np.testing.assert_allclose(rows, vectors.turned(vault, made), atol=1e-3)
        assert vectors.digests(session, client_id, SPACE).tolist() == [f"d{n}" for n in range(6)]
        assert list(vectors.of_leads(session, client_id, SPACE, [int(ids[2]), 999])) == [ids[2]]
        assert vectors.load(session, client_id + 1, SPACE)[0].tolist() == []


def test_saving_again_replaces(store, vault, now):
    with write(store) as session:
        client_id, lead_ids, _ = kept(session, vault, now)
        vectors.save(session, vault, client_id, SPACE, lead_ids=lead_ids[:1], texts=["new"], vectors=unit(1, seed=9))
    with read(store) as session:
        assert vectors.digests(session, client_id, SPACE)[lead_ids[0]] == "new"
        assert len(vectors.load(session, client_id, SPACE)[0]) == 6


def test_leads_that_go_take_their_vectors_along(store, vault, now):
    with write(store) as session:
        client_id, lead_ids, made = kept(session, vault, now)
        erasure.delete_leads(session, client_id, lead_ids[:2])
    with read(store) as session:
        assert vectors.load(session, client_id, SPACE)[0].tolist() == lead_ids[2:].tolist()
        if vectors.has_index(session, 8):
            found = vectors.nearest_indexed(session, client_id, SPACE, vectors.turned(vault, made)[0], 10)
            assert set(found.index) == set(lead_ids[2:])


def test_the_state_of_the_leads_changes_with_imports_and_undoing(store, vault, now):
    with write(store) as session:
        client_id, batch_id, _ = stored(session, vault, now)
        first = vectors.stamp(session, client_id)
        vectors.note_prepared(session, client_id, SPACE, first)
        assert vectors.prepared_for(session, client_id, SPACE) == first
        assert vectors.prepared_for(session, client_id, "other") == ""
        lead_undo.undo_batch(session, vault, client_id=client_id, batch_id=batch_id, now=now)
        assert vectors.stamp(session, client_id) != first


@pytest.mark.postgres
def test_the_index_of_postgresql_finds_what_looking_at_every_lead_finds(postgres_store_url, vault, now):
    from leadscore.store.database import open_database

    engine = open_database(postgres_store_url)
    with write(engine) as session:
        if not vectors.ensure_index(session, 8):
            pytest.skip("this PostgreSQL has no pgvector")
        client_id, lead_ids, made = kept(session, vault, now, rows=60)
        assert vectors.ensure_index(session, 8)
    turned = vectors.turned(vault, made)
    with read(engine) as session:
        found = vectors.nearest_indexed(session, client_id, SPACE, turned[3], 5)
    exact = lead_ids[np.argsort(-(turned @ turned[3]))[:5]]
    assert found.index.tolist() == exact.tolist()
    np.testing.assert_allclose(found.to_numpy(), np.sort(turned @ turned[3])[::-1][:5], atol=1e-3)
    engine.dispose()


def test_without_an_index_nothing_is_made_on_sqlite(sqlite_store):
    with write(sqlite_store) as session:
        assert not vectors.ensure_index(session, 8)
        assert not vectors.has_index(session, 8)
