"""Erasing, objecting, keeping for a time and renewing keys do the same on each database."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from leadscore.store import (
    consents,
    erasure,
    lead_reading,
    leads,
    privacy_requests,
    reencryption,
    restriction,
    retention,
    subject_keys,
)
from leadscore.store.consents import Purpose
from leadscore.store.database import read, size_in_bytes, wipe, write
from leadscore.store.personal_traces import traces_of
from leadscore.store.privacy_requests import RequestKind
from leadscore.store.vault import Vault
from tests.store.samples import CUSTOM, batch, people


@pytest.fixture
def vault() -> Vault:
    return Vault(b"a secret of this test, long enough")


@pytest.fixture
def stored(store: Engine, vault: Vault, now):
    """Store three people, a change of one, a request, a consent and a key of the log."""
    with write(store) as session:
        client_id, batch_id = batch(session, now)
        ids = leads.write_leads(session, vault, client_id=client_id, batch_id=batch_id, leads=people(),
                                row_numbers=[2, 3, 4], custom_fields=CUSTOM, now=now)
        leads.correct_lead(session, vault, client_id, int(ids[0]), {"last_name": "Onlyone"}, now=now)
        privacy_requests.add(session, vault, client_id, kind=RequestKind.ACCESS, lead_id=int(ids[0]), note="please",
                             received_at=now, by="ann")
        consents.add(session, client_id, ids[:2], purpose=Purpose.SALE, given=False, source="form", at=now, by="ann",
                     now=now)
        subject_keys.sealed(session, vault, client_id, int(ids[0]), {"a": "b"})
    return client_id, ids


def test_an_erased_lead_leaves_nothing_and_its_request_names_nobody(store, vault, stored) -> None:
    client_id, ids = stored
    with write(store) as session:
        traces = traces_of(session, vault, client_id, ids[:1])
        assert traces.told_in("about PERSON0@firm0.example") and not traces.told_in("about person1@firm1.example")
        assert erasure.erase(session, vault, client_id, ids[:1], traces) == 4
        (request,) = privacy_requests.list_all(session, client_id)
        assert (request.lead_id, request.note) == (None, None)
        assert consents.opted_out(session, client_id, Purpose.SALE).tolist() == [int(ids[1])]
    assert wipe(store, rebuild=True) and size_in_bytes(store) > 0


def test_an_objecting_lead_is_read_only_by_its_name(store, vault, stored, now) -> None:
    client_id, ids = stored
    with write(store) as session:
        assert restriction.mark(session, client_id, ids[1:2], now=now).tolist() == ids[1:2].tolist()
        others = [int(ids[0]), int(ids[2])]
        assert lead_reading.ids(session, client_id).tolist() == others
        assert lead_reading.outcomes(session, client_id).index.tolist() == others
        assert sum(lead_reading.outcome_counts(session, client_id).values()) == 2
        assert len(lead_reading.read_leads(session, vault, client_id, lead_ids=ids)) == 3
        erasure.delete_leads(session, client_id, ids[1:2])
        assert restriction.restricted_ids(session, client_id).size == 0


def test_consent_is_counted_by_source(store, stored, now) -> None:
    client_id, ids = stored
    with write(store) as session:
        leads.set_consent(session, client_id, ids[:1], given=True, source="form", at=now, now=now)
        leads.set_consent(session, client_id, ids[1:2], given=False, source="form", at=now, now=now)
        counted = consents.coverage(session, client_id)
    assert counted[["given", "refused", "unknown"]].values.tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("rule", [*retention.CLIENT_RULES, *retention.HOUSE_RULES], ids=lambda rule: rule.name)
def test_every_retention_rule_removes_what_it_counts(store, vault, stored, now, rule) -> None:
    client_id = stored[0] if rule in retention.CLIENT_RULES else None
    later = now + timedelta(days=10)
    with write(store) as session:
        counted = retention.count(session, rule, client_id=client_id, before=later)
        assert retention.remove(session, vault, rule, client_id=client_id, before=later) == counted
        assert retention.count(session, rule, client_id=client_id, before=later) == 0
        assert counted == {"leads": 3, "log_details": 1}.get(rule.name, 0)


def test_a_new_key_reaches_every_encrypted_value(store, vault, stored) -> None:
    client_id, ids = stored
    with read(store) as session:
        before = lead_reading.read_leads(session, vault, client_id)
    vault.add_generation(1, b"k" * 32)
    with write(store) as session:
        total, done = reencryption.waiting(session, vault), 0
        while portion := reencryption.next_portion(session, vault):
            done += portion
        assert (total, done, reencryption.waiting(session, vault)) == (5, 5, 0)
        after = lead_reading.read_leads(session, vault, client_id)
        (request,) = privacy_requests.list_all(session, client_id)
        assert privacy_requests.note_of(vault, request) == "please"
    assert after.equals(before)
