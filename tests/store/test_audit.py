"""Every change to the log is found and named."""

import hmac
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from leadscore.errors import LeadScoreError, TamperedData
from leadscore.store import audit, audit_reading
from leadscore.store.audit_reading import EventFilter
from leadscore.store.database import open_database, read, write
from leadscore.store.vault import Vault


def fill(engine: Engine, vault: Vault, now, count: int = 5) -> None:
    with write(engine) as session:
        for number in range(count):
            audit.append(session, vault, at=now, client_id=number % 2 or None, actor="ann", action="leads_imported",
                         object=f"batch:{number}", detail={"rows": number, "b": 1, "a": [1.5, None, True]})


def verdict(engine: Engine, vault: Vault, path: Path | None = None) -> audit.Verdict:
    with read(engine) as session:
        return audit.verify(session, vault, path)


def change(engine: Engine, *statements: str) -> None:
    with write(engine) as session:
        for statement in statements:
            session.execute(text(statement))


def test_an_untouched_log_is_whole(store: Engine, vault: Vault, now) -> None:
    assert verdict(store, vault) == audit.Verdict(0, True)
    fill(store, vault, now)
    assert verdict(store, vault) == audit.Verdict(5, True)


NEXT = "(SELECT mac FROM audit_events WHERE seq = 2)"
COPY = ("INSERT INTO audit_events (seq, at, client_id, actor, action, object, detail, prev, mac) "
        "SELECT {seq}, at, client_id, actor, action, object, detail, prev, mac FROM audit_events WHERE seq = 3")


@pytest.mark.parametrize(("statements", "broken_at"), [
    (["UPDATE audit_events SET at = '2027-01-01T00:00:00.000Z' WHERE seq = 3"], 3),
    (["UPDATE audit_events SET client_id = 7 WHERE seq = 3"], 3),
    (["UPDATE audit_events SET client_id = NULL WHERE seq = 2"], 2),
    (["UPDATE audit_events SET actor = 'bob' WHERE seq = 1"], 1),
    (["UPDATE audit_events SET action = 'nothing' WHERE seq = 5"], 5),
    (["UPDATE audit_events SET object = 'batch:9' WHERE seq = 3"], 3),
    (["UPDATE audit_events SET detail = '{}' WHERE seq = 3"], 3),
    (["UPDATE audit_events SET prev = mac WHERE seq = 3"], 3),
    (["UPDATE audit_events SET mac = prev WHERE seq = 3"], 3),
    (["DELETE FROM audit_events WHERE seq = 1"], 1),
    (["DELETE FROM audit_events WHERE seq = 3"], 3),
    (["DELETE FROM audit_events WHERE seq IN (2, 3)"], 2),
    ([COPY.format(seq=6)], 6),
    ([COPY.format(seq=0)], 0),
    (["UPDATE audit_events SET seq = 99 WHERE seq = 2", "UPDATE audit_events SET seq = 2 WHERE seq = 3",
      "UPDATE audit_events SET seq = 3 WHERE seq = 99"], 2),
    (["DELETE FROM audit_events WHERE seq = 3", "UPDATE audit_events SET seq = 3 WHERE seq = 4",
      "UPDATE audit_events SET seq = 4 WHERE seq = 5"], 3),
])
def test_what_was_done_to_the_log_is_found_and_named(store: Engine, vault: Vault, now, statements, broken_at) -> None:
    fill(store, vault, now)
    change(store, *statements)
    found = verdict(store, vault)
    assert (found.ok, found.broken_at) == (False, broken_at)
    assert str(broken_at) in found.reason


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(column=st.sampled_from(["at", "actor", "action", "object", "detail", "prev", "mac"]), seq=st.integers(1, 5),
       data=st.data())
def test_one_changed_character_anywhere_is_named(sqlite_store: Engine, vault: Vault, now, column, seq, data) -> None:
    change(sqlite_store, "DELETE FROM audit_events")
    fill(sqlite_store, vault, now)
    with write(sqlite_store) as session:
        value = session.execute(text(f"SELECT {column} FROM audit_events WHERE seq = {seq}")).scalar_one()
        position = data.draw(st.integers(0, len(value) - 1))
        changed = value[:position] + chr(ord(value[position]) ^ 1) + value[position + 1:]
        session.execute(text(f"UPDATE audit_events SET {column} = :value WHERE seq = {seq}"), {"value": changed})
    assert verdict(sqlite_store, vault).broken_at == seq


def test_a_value_that_is_no_text_at_all_is_named(sqlite_store: Engine, vault: Vault, now) -> None:
    fill(sqlite_store, vault, now)
    change(sqlite_store, "UPDATE audit_events SET detail = x'fffe00' WHERE seq = 4")
    assert verdict(sqlite_store, vault).broken_at == 4
    change(sqlite_store, "UPDATE audit_events SET detail = CAST(x'ff' AS TEXT) WHERE seq = 4")
    assert not verdict(sqlite_store, vault).ok


def test_a_log_linked_again_without_the_key_is_found(store: Engine, vault: Vault, now) -> None:
    fill(store, vault, now, 2)
    fill_with = Vault(b"the key of somebody else, also long")
    change(store, "DELETE FROM audit_events WHERE seq = 2")
    with write(store) as session:
        audit.append(session, fill_with, at=now, client_id=None, actor="eve", action="x", object="y")
    assert verdict(store, vault).broken_at == 2


def test_cutting_off_the_end_is_found_by_a_checkpoint(store: Engine, vault: Vault, now, tmp_path: Path) -> None:
    path = audit.checkpoint_file(tmp_path)
    fill(store, vault, now)
    with read(store) as session:
        assert audit.checkpoint(session, vault, path, at=now)
        assert not audit.checkpoint(session, vault, path, at=now)
    assert verdict(store, vault, path).ok
    change(store, "DELETE FROM audit_events WHERE seq > 3")
    assert verdict(store, vault).ok
    found = verdict(store, vault, path)
    assert (found.records, found.ok, found.broken_at) == (3, False, 4)


def test_cutting_off_and_writing_on_is_found_by_a_checkpoint(store: Engine, vault: Vault, now, tmp_path: Path) -> None:
    path = tmp_path / "new" / "checkpoints.txt"
    fill(store, vault, now)
    with read(store) as session:
        audit.checkpoint(session, vault, path, at=now)
    change(store, "DELETE FROM audit_events WHERE seq > 3")
    with write(store) as session:
        for _ in range(5):
            audit.append(session, vault, at=now, client_id=None, actor="eve", action="x", object="y")
    assert verdict(store, vault).ok
    assert verdict(store, vault, path).broken_at == 5


def test_a_forged_checkpoint_is_found(store: Engine, vault: Vault, now, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.txt"
    fill(store, vault, now)
    with read(store) as session:
        audit.checkpoint(session, vault, path, at=now)
    path.write_text(path.read_text().replace("5 ", "3 ", 1))
    assert not verdict(store, vault, path).ok


def test_checkpoints_wait_until_enough_is_new(store: Engine, vault: Vault, now, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.txt"
    with read(store) as session:
        assert not audit.checkpoint(session, vault, path, at=now)
    fill(store, vault, now)
    with read(store) as session:
        assert not audit.checkpoint(session, vault, path, at=now, every=6)
        assert audit.checkpoint(session, vault, path, at=now, every=5)


def _append(arguments: tuple[str, int]) -> None:
    url, number = arguments
    engine = open_database(url)
    vault = Vault(b"a secret of the tests, long enough")
    for step in range(15):
        with write(engine) as session:
            audit.append(session, vault, at=datetime.now(UTC), client_id=None, actor=f"p{number}", action="x",
                         object=str(step))
    engine.dispose()


def test_eight_processes_that_append_make_one_line(store_url: str, store: Engine, vault: Vault) -> None:
    store.dispose()
    with multiprocessing.get_context("fork").Pool(8) as pool:
        pool.map(_append, [(store_url, number) for number in range(8)], chunksize=1)
    assert verdict(store, vault) == audit.Verdict(120, True)


def test_a_change_that_is_rolled_back_leaves_no_record(store: Engine, vault: Vault, now) -> None:
    fill(store, vault, now, 2)
    with pytest.raises(RuntimeError), write(store) as session:
        audit.append(session, vault, at=now, client_id=None, actor="a", action="x", object="y")
        raise RuntimeError("kill")
    fill(store, vault, now, 1)
    assert verdict(store, vault) == audit.Verdict(3, True)


def test_mail_addresses_and_line_breaks_do_not_reach_the_log(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        event = audit.append(session, vault, at=now, client_id=None, actor="ann\nroot", action="x",
                             object="lead of bob@firm.example", detail={"why": "asked by bob@firm.example", "n": 1})
    assert "firm.example" not in event.object + event.detail
    assert event.actor == "ann root"
    assert verdict(store, vault).ok


@pytest.mark.parametrize("text_", ["\x00", "🙂" * 50, "x" * 500, "'; DROP TABLE audit_events --", ""])
def test_awkward_words_are_logged_and_verify(store: Engine, vault: Vault, now, text_: str) -> None:
    with write(store) as session:
        audit.append(session, vault, at=now, client_id=None, actor=text_, action=text_, object=text_,
                     detail={"x": text_.replace("\x00", "")})
    assert verdict(store, vault) == audit.Verdict(1, True)


def test_a_detail_that_is_no_json_is_a_plain_fault(sqlite_store: Engine, vault: Vault, now) -> None:
    with pytest.raises(LeadScoreError), write(sqlite_store) as session:
        audit.append(session, vault, at=now, client_id=None, actor="a", action="x", object="y",
                     detail={"x": {("a", 1): 2}})


def test_events_are_listed_newest_first_and_by_client(store: Engine, vault: Vault, now) -> None:
    fill(store, vault, now)
    with read(store) as session:
        frame, total = audit_reading.list_events(session, limit=2)
        assert (frame["seq"].tolist(), total) == ([5, 4], 5)
        frame, total = audit_reading.list_events(session, EventFilter(client_id=1))
        assert (frame["object"].tolist(), total) == (["batch:3", "batch:1"], 2)
        frame, total = audit_reading.list_events(session, EventFilter(actor="bob"))
        assert (len(frame), total) == (0, 0)


def test_the_last_good_checkpoint_is_named(store: Engine, vault: Vault, now, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.txt"
    for _ in range(2):
        fill(store, vault, now)
        with read(store) as session:
            audit.checkpoint(session, vault, path, at=now)
    assert verdict(store, vault, path).checkpoint == 10
    change(store, "DELETE FROM audit_events WHERE seq > 7")
    found = verdict(store, vault, path)
    assert (found.broken_at, found.checkpoint, found.checkpoint_at) == (8, 5, "2026-03-01T09:30:00.000Z")
    assert "record 5" in found.reason


def test_from_the_last_checkpoint_only_the_newer_ones_are_read(store: Engine, vault: Vault, now,
                                                              tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.txt"
    fill(store, vault, now)
    with read(store) as session:
        audit.checkpoint(session, vault, path, at=now)
    fill(store, vault, now, 2)

    def newest() -> audit.Verdict:
        with read(store) as session:
            return audit.verify(session, vault, path, from_checkpoint=True)

    assert (newest().ok, newest().records, newest().checked_from) == (True, 7, 6)
    change(store, "UPDATE audit_events SET actor = 'eve' WHERE seq = 2")
    assert newest().ok
    assert verdict(store, vault, path).broken_at == 2
    change(store, "UPDATE audit_events SET actor = 'eve' WHERE seq = 7")
    assert newest().broken_at == 7
    change(store, "DELETE FROM audit_events WHERE seq = 5")
    assert newest().broken_at == 5


def test_a_broken_stretch_is_not_signed(store: Engine, vault: Vault, now, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.txt"
    fill(store, vault, now)
    with read(store) as session:
        audit.checkpoint(session, vault, path, at=now)
    fill(store, vault, now)
    change(store, "UPDATE audit_events SET actor = 'eve' WHERE seq = 7")
    with read(store) as session, pytest.raises(TamperedData, match="Record 7"):
        audit.checkpoint(session, vault, path, at=now)
    assert len(path.read_text().splitlines()) == 1


def test_lines_of_the_first_version_still_count(store: Engine, vault: Vault, now, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.txt"
    fill(store, vault, now)
    with read(store) as session:
        mac = session.execute(text("SELECT mac FROM audit_events WHERE seq = 3")).scalar_one()
    body = f"3 {mac} 2026-02-01T00:00:00.000Z"
    code = hmac.digest(vault.key("audit"), b"checkpoint " + body.encode(), "sha256").hex()
    path.write_text(f"{body} {code}\n")
    assert verdict(store, vault, path).checkpoint == 3
    with read(store) as session:
        assert audit.checkpoint(session, vault, path, at=now)
    assert verdict(store, vault, path).checkpoint == 5
    change(store, "DELETE FROM audit_events WHERE seq > 2")
    assert verdict(store, vault, path).broken_at == 3


@pytest.fixture
def days(store: Engine, vault: Vault, now) -> Engine:
    """A record a day for forty days, the times of two out of order."""
    with write(store) as session:
        for day in range(40):
            at = now + timedelta(days=day) - timedelta(hours=20 if day in (9, 20) else 0)
            audit.append(session, vault, at=at, client_id=1 + day % 2, actor=f"p{day % 3}",
                         action="signed_in" if day % 4 else "lead_viewed", object=f"lead:{day}")
    return store


def test_a_period_finds_what_the_times_say(days: Engine, now) -> None:
    with read(days) as session:
        frame, _ = audit_reading.list_events(session, limit=40)
        for first, behind in ((0, 40), (9, 10), (8.5, 9.5), (19, 21), (39, 80), (-5, 0.5)):
            since, until = now + timedelta(days=first), now + timedelta(days=behind)
            found, total = audit_reading.list_events(session, EventFilter(since=since, until=until), limit=40)
            moments = pd.to_datetime(frame["at"], utc=True)
            assert found["seq"].tolist() == frame["seq"][(moments >= since) & (moments < until)].tolist()
            assert total == len(found)


def test_filters_narrow_together(days: Engine) -> None:
    with read(days) as session:
        chosen = EventFilter(client_id=1, actions=("lead_viewed", "x"), actor="p0", object="lead:")
        frame, total = audit_reading.list_events(session, chosen)
        assert frame["object"].tolist() == ["lead:36", "lead:24", "lead:12", "lead:0"]
        assert total == 4
        assert [record[5] for record in audit_reading.matching(session, chosen)] == frame["object"].tolist()[::-1]
        assert audit_reading.list_events(session, EventFilter(object="lead:1"))[1] == 1


def test_activity_is_counted_by_day_person_and_action(days: Engine) -> None:
    with read(days) as session:
        counted = audit_reading.activity(session, EventFilter(client_id=1))
    assert counted["records"].sum() == 20
    assert counted.groupby("action")["records"].sum().to_dict() == {"lead_viewed": 10, "signed_in": 10}
