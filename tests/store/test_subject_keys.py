"""What the log says about a person can be read until the person's key is deleted; the chain holds either way."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from leadscore.errors import TamperedData
from leadscore.store import audit, clients, subject_keys
from leadscore.store.database import read, write
from leadscore.store.vault import Vault

WORDS = {"before": {"last_name": "Müller"}, "after": {"last_name": "Miller"}}


@pytest.fixture
def client(store: Engine, now) -> int:
    with write(store) as session:
        return clients.ensure(session, "acme", now)


def seal(store: Engine, vault: Vault, client: int, lead: int, words=WORDS) -> str:
    with write(store) as session:
        return subject_keys.sealed(session, vault, client, lead, words)


def open_(store: Engine, vault: Vault, client: int, lead: int, text_: str):
    with read(store) as session:
        return subject_keys.opened(session, vault, client, lead, text_)


def test_sealed_words_are_read_again_and_stand_nowhere_in_the_clear(store: Engine, vault: Vault, client: int) -> None:
    text_ = seal(store, vault, client, 7)
    assert "ller" not in text_
    assert open_(store, vault, client, 7, text_) == WORDS
    # a second record of the same lead uses its key again
    assert open_(store, vault, client, 7, seal(store, vault, client, 7, {"a": 1})) == {"a": 1}
    assert open_(store, vault, client, 7, text_) == WORDS


def test_without_the_key_the_words_are_lost_and_the_chain_still_holds(store: Engine, vault: Vault, client: int,
                                                                     now) -> None:
    with write(store) as session:
        words = {lead: subject_keys.sealed(session, vault, client, lead, WORDS) for lead in (7, 8)}
        for lead, text_ in words.items():
            audit.append(session, vault, at=now, client_id=client, actor="ann", action="lead_corrected",
                         object=f"lead:{lead}", detail={"sealed": text_})
    with write(store) as session:
        assert subject_keys.forget(session, client, [7, 99]) == 1
    assert open_(store, vault, client, 7, words[7]) is None
    assert open_(store, vault, client, 8, words[8]) == WORDS
    with read(store) as session:
        assert audit.verify(session, vault).ok
    # a lead that is stored again later gets another key, which opens nothing of before
    seal(store, vault, client, 7)
    with pytest.raises(TamperedData):
        open_(store, vault, client, 7, words[7])


def test_words_of_one_lead_are_not_another_ones(store: Engine, vault: Vault, client: int) -> None:
    text_ = seal(store, vault, client, 7)
    seal(store, vault, client, 8)
    with pytest.raises(TamperedData):
        open_(store, vault, client, 8, text_)
    with write(store) as session:
        session.execute(text("UPDATE subject_keys SET sealed_key = (SELECT sealed_key FROM subject_keys "
                             "WHERE lead_id = 7) WHERE lead_id = 8"))
    with pytest.raises(TamperedData):
        open_(store, vault, client, 8, text_)


def test_another_client_neither_reads_nor_forgets_nor_writes(store: Engine, vault: Vault, client: int, now) -> None:
    text_ = seal(store, vault, client, 7)
    with write(store) as session:
        other = clients.ensure(session, "other", now)
    assert open_(store, vault, other, 7, text_) is None
    with write(store) as session:
        assert subject_keys.forget(session, other, [7]) == 0
    with pytest.raises(TamperedData):
        seal(store, vault, other, 7)
    assert open_(store, vault, client, 7, text_) == WORDS


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10_000), bit=st.integers(0, 5))
def test_one_changed_character_is_refused(sqlite_store: Engine, vault: Vault, position: int, bit: int) -> None:
    with write(sqlite_store) as session:
        client = clients.ensure(session, "acme", datetime(2026, 3, 1, tzinfo=UTC))
        text_ = subject_keys.sealed(session, vault, client, 7, WORDS)
    place = position % len(text_.rstrip("="))
    changed = text_[:place] + chr(ord(text_[place]) ^ (1 << bit)) + text_[place + 1:]
    # the last character of base64 may carry bits that mean nothing
    if place < len(text_.rstrip("=")) - 1:
        with pytest.raises(TamperedData):
            open_(sqlite_store, vault, client, 7, changed)
