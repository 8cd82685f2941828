"""Leads come back as they went in, are recognised again, updated, and taken back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from leadscore.errors import InvalidRequest, NotFound, TamperedData
from leadscore.schema import FIELDS, CustomField, Kind, OutcomeStage
from leadscore.store import erasure, lead_matching, lead_reading, lead_undo, leads, outcomes, scores
from leadscore.store.database import open_database, read, write
from leadscore.store.vault import Vault
from tests.store.samples import COLOUR, CUSTOM, SPOUSE, as_stored, batch, frame, people, stored, typed


def test_leads_come_back_as_they_went_in(store: Engine, vault: Vault, now) -> None:
    table = people(5)
    with write(store) as session:
        client_id, batch_id, lead_ids = stored(session, vault, now, table)
    expected = as_stored(table, lead_ids)
    with read(store) as session:
        found = lead_reading.read_leads(session, vault, client_id)
        pd.testing.assert_frame_equal(found[expected.columns], expected)
        assert set(found) == set(expected)
        pd.testing.assert_frame_equal(lead_reading.read_leads(session, vault, client_id, batch_id=batch_id), found)
        assert lead_reading.ids(session, client_id).tolist() == lead_ids.tolist() == [1, 2, 3, 4, 5]
        assert lead_reading.count(session, client_id) == 5


VALUES = {
    Kind.BOOLEAN: st.booleans(),
    Kind.DATE: st.datetimes(min_value=pd.Timestamp("1700-01-01").to_pydatetime(),
                            max_value=pd.Timestamp("2200-01-01").to_pydatetime())
    .map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z"),
    Kind.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    Kind.MONEY: st.floats(allow_nan=False, allow_infinity=False),
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@st.composite
def leads_frames(draw: st.DrawFn) -> pd.DataFrame:
    fields = draw(st.lists(st.sampled_from([*FIELDS, *CUSTOM]), min_size=1, max_size=6, unique_by=lambda f: f.name))
    rows = draw(st.integers(1, 4))
    columns = {}
    for field in fields:
        value = VALUES.get(field.kind, TEXTS)
        values = draw(st.lists(st.one_of(st.none(), value), min_size=rows, max_size=rows))
        columns[field.name] = typed(values, field.kind)
    return pd.DataFrame(columns)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=leads_frames())
def test_any_leads_frame_makes_the_round_trip(store: Engine, vault: Vault, now, table: pd.DataFrame) -> None:
    with write(store) as session:
        client_id, batch_id, lead_ids = stored(session, vault, now, table)
        expected = as_stored(table, lead_ids)
        found = lead_reading.read_leads(session, vault, client_id, batch_id=batch_id)
        pd.testing.assert_frame_equal(found[list(expected)], expected, check_column_type=False)
        assert set(found) == set(expected)
        session.rollback()


def test_leads_are_read_in_the_order_asked_for_and_unknown_ones_left_out(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, _ = stored(session, vault, now)
        found = lead_reading.read_leads(session, vault, client_id, lead_ids=[3, 99, 1])
        assert found.index.tolist() == [3, 1]
        assert found["crm_id"].tolist() == ["C2", "C0"]
        assert lead_reading.read_leads(session, vault, client_id, lead_ids=[]).empty


def test_chosen_columns_are_there_even_when_empty_and_others_refused(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, _ = stored(session, vault, now)
        found = lead_reading.read_leads(session, vault, client_id, fields=["email", "budget", "custom:Colour"])
        assert list(found) == ["email", "budget", "custom:Colour"]
        assert found["budget"].isna().all()
        with pytest.raises(InvalidRequest, match="favourite"):
            lead_reading.read_leads(session, vault, client_id, fields=["favourite"])


def test_without_personal_data_nothing_personal_is_read_or_decrypted(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, _ = stored(session, vault, now)
        session.execute(text("UPDATE leads SET personal = NULL"))
        found = lead_reading.read_leads(session, vault, client_id, personal=False)
    assert {"email", "phone", "first_name", "age", SPOUSE.name}.isdisjoint(found)
    assert {"company", "employees", COLOUR.name} <= set(found)


def test_a_dump_of_the_database_holds_no_personal_value(tmp_path, sqlite_store: Engine, vault: Vault, now) -> None:
    with write(sqlite_store) as session:
        stored(session, vault, now)
    sqlite_store.dispose()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Firm 1 GmbH" in content
    for secret in (b"Person1", b"person1", b"1700000001", b"170 0000001", b"Ann 1", b"Partner 1"):
        assert secret not in content


def test_personal_data_moved_to_another_lead_are_refused(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, _ = stored(session, vault, now)
        session.execute(text("UPDATE leads SET personal = (SELECT personal FROM leads WHERE id = 1) WHERE id = 2"))
        with pytest.raises(TamperedData, match="leads:2"):
            lead_reading.read_leads(session, vault, client_id)


def test_a_custom_column_found_personal_later_is_personal_for_all(store: Engine, vault: Vault, now) -> None:
    plain, hidden = CustomField("Nick", Kind.TEXT), CustomField("Nick", Kind.TEXT, personal=True)
    with write(store) as session:
        for field, value in ((plain, "Bo"), (hidden, "Lee")):
            client_id, batch_id = batch(session, now, custom=(field,))
            leads.write_leads(session, vault, client_id=client_id, batch_id=batch_id, row_numbers=[2],
                              leads=pd.DataFrame({field.name: pd.Series([value], dtype="str")}), custom_fields=(field,),
                              now=now)
        assert lead_reading.custom_fields(session, client_id) == (hidden,)
        assert lead_reading.read_leads(session, vault, client_id)[plain.name].tolist() == ["Bo", "Lee"]
        assert plain.name not in lead_reading.read_leads(session, vault, client_id, personal=False)


def test_a_custom_column_of_two_kinds_is_read_as_text(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        for kind, value in ((Kind.NUMBER, 7.0), (Kind.CATEGORY, "seven")):
            field = CustomField("Size", kind)
            client_id, batch_id = batch(session, now, custom=(field,))
            leads.write_leads(session, vault, client_id=client_id, batch_id=batch_id, row_numbers=[2],
                              leads=pd.DataFrame({field.name: typed([value], kind)}), custom_fields=(field,), now=now)
        assert lead_reading.read_leads(session, vault, client_id)["custom:Size"].tolist() == ["7.0", "seven"]
        as_number = [CustomField("Size", Kind.NUMBER)]
        numbers = lead_reading.read_leads(session, vault, client_id, custom=as_number)["custom:Size"]
        assert numbers.fillna(-1).tolist() == [7.0, -1.0]


def test_stored_leads_are_recognised_by_mail_then_number_then_phone(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, _ = stored(session, vault, now)
        incoming = frame(email=[" PERSON1@firm1.example", "new@x.example", None, None, None, "new@y.example", None],
                         crm_id=["C0", "C2", "C0", None, None, None, None],
                         phone=[None, None, None, "0049 (170) 000-0002", "123", "+49 170 0000001", None])
        emails, phones = lead_matching.frame_indexes(vault, incoming)
        found = lead_matching.match_existing(session, client_id, email_indexes=emails, crm_ids=incoming["crm_id"],
                                     phone_indexes=phones)
    assert found.tolist() == [2, 3, 1, 3, -1, -1, -1]


def test_nobody_is_recognised_across_clients(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        _, _, _ = stored(session, vault, now, client="acme")
        client_id, _, mine = stored(session, vault, now, people(1), client="beta")
        emails, phones = lead_matching.frame_indexes(vault, people(3))
        found = lead_matching.match_existing(session, client_id, email_indexes=emails, crm_ids=["C0", "C1", "C2"],
                                     phone_indexes=phones)
    assert found.tolist() == [mine[0], -1, -1]


def test_the_oldest_lead_is_meant_when_several_match(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, _ = stored(session, vault, now, frame(crm_id=["X", "X"]))
        assert lead_matching.match_existing(session, client_id, email_indexes=[None], crm_ids=["X"],
                                    phone_indexes=[None]).tolist() == [1]


def test_newer_values_win_empty_ones_do_not_and_identical_rows_are_duplicates(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, lead_ids = stored(session, vault, now)
        _, second = batch(session, now)
        newer = people()
        newer.loc[0, "first_name"] = "Anna"
        newer.loc[0, "industry"] = None
        newer.loc[2, "employees"] = 99.0
        newer.loc[2, COLOUR.name] = "blue"
        done = leads.update_leads(session, vault, client_id=client_id, batch_id=second, lead_ids=lead_ids, leads=newer,
                                  custom_fields=CUSTOM, now=now)
        found = lead_reading.read_leads(session, vault, client_id)
        assert lead_reading.ids(session, client_id, batch_id=second).tolist() == [1, 3]
    assert done.changed.tolist() == [True, False, True]
    assert done.lead_ids.tolist() == [1, 3]
    assert found["first_name"].tolist() == ["Anna", "Ann 1", "Ann 2"]
    assert found.loc[1, "industry"] == "Steel"
    assert found.loc[3, "employees"] == 99.0
    assert found.loc[3, COLOUR.name] == "blue"


def test_a_changed_mail_address_is_found_under_its_new_name_only(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, _ = stored(session, vault, now)
        _, second = batch(session, now)
        leads.update_leads(session, vault, client_id=client_id, batch_id=second, lead_ids=[2], now=now,
                           leads=frame(email=["new@firm.example"]))
        assert lead_matching.find_by_email(session, vault, client_id, "NEW@firm.example").tolist() == [2]
        assert lead_matching.find_by_email(session, vault, client_id, "person1@firm1.example").tolist() == []
        lead_undo.undo_batch(session, vault, client_id=client_id, batch_id=second, now=now)
        assert lead_matching.find_by_email(session, vault, client_id, "person1@firm1.example").tolist() == [2]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=leads_frames(), newer=leads_frames(), data=st.data())
def test_undo_puts_every_earlier_value_back(store: Engine, vault: Vault, now, first, newer, data) -> None:
    with write(store) as session:
        client_id, batch_id, lead_ids = stored(session, vault, now, first)
        before = lead_reading.read_leads(session, vault, client_id, batch_id=batch_id)
        targets = data.draw(st.lists(st.sampled_from(lead_ids.tolist()), min_size=len(newer), max_size=len(newer)))
        _, second = batch(session, now)
        leads.update_leads(session, vault, client_id=client_id, batch_id=second, lead_ids=targets, leads=newer,
                           custom_fields=CUSTOM, now=now)
        lead_undo.undo_batch(session, vault, client_id=client_id, batch_id=second, now=now)
        after = lead_reading.read_leads(session, vault, client_id, batch_id=batch_id)
        pd.testing.assert_frame_equal(after, before)
        session.rollback()


def test_undo_removes_all_that_an_import_brought(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, first, old = stored(session, vault, now, people(1))
        _, second, new = stored(session, vault, now, people(3))
        told = pd.DataFrame({"lead_id": [*old, *new], "stage": "converted"})
        outcomes.append(session, client_id, told, batch_id=second, origin="import", recorded_by="ann", now=now)
        assert lead_reading.outcomes(session, client_id).tolist() == ["converted"] * 4
        undone = lead_undo.undo_batch(session, vault, client_id=client_id, batch_id=second, now=now)
        assert (undone.deleted, undone.restored, undone.outcomes) == (3, 0, 4)
        assert lead_reading.ids(session, client_id).tolist() == old.tolist()
        assert lead_reading.outcomes(session, client_id).tolist() == ["new"]
        with pytest.raises(InvalidRequest, match="already"):
            lead_undo.undo_batch(session, vault, client_id=client_id, batch_id=second, now=now)


@pytest.mark.parametrize("undone_first", [False, True])
def test_undo_waits_for_a_later_import_of_the_same_leads(store: Engine, vault: Vault, now, undone_first) -> None:
    with write(store) as session:
        client_id, first, lead_ids = stored(session, vault, now)
        _, second = batch(session, now)
        leads.update_leads(session, vault, client_id=client_id, batch_id=second, lead_ids=lead_ids[:1], now=now,
                           leads=frame(company=["Other"]))
        if undone_first:
            lead_undo.undo_batch(session, vault, client_id=client_id, batch_id=second, now=now)
            assert lead_undo.undo_batch(session, vault, client_id=client_id, batch_id=first, now=now).deleted == 3
        else:
            with pytest.raises(InvalidRequest, match=f"Import {second}"):
                lead_undo.undo_batch(session, vault, client_id=client_id, batch_id=first, now=now)


def test_undo_leaves_what_a_person_changed_since(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, _ = stored(session, vault, now)
        _, second = batch(session, now)
        leads.update_leads(session, vault, client_id=client_id, batch_id=second, lead_ids=[1, 2], now=now,
                           leads=frame(owner=["Kim", "Kim"]))
        leads.assign_owner(session, client_id, [1], "Sam", now=now)
        lead_undo.undo_batch(session, vault, client_id=client_id, batch_id=second, now=now)
        found = lead_reading.read_leads(session, vault, client_id, fields=["owner"])["owner"]
    assert found.fillna("nobody").tolist() == ["Sam", "nobody", "nobody"]


def test_no_query_reaches_into_another_client(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        theirs, their_batch, their_ids = stored(session, vault, now, client="acme",
                                                company_key=pd.Series(["k"] * 3, dtype="str"))
        mine, my_batch, _ = stored(session, vault, now, people(1), client="beta",
                                   company_key=pd.Series(["k"], dtype="str"))
        before = lead_reading.read_leads(session, vault, theirs)
        assert lead_reading.read_leads(session, vault, mine, lead_ids=their_ids).empty
        assert lead_reading.read_leads(session, vault, mine, batch_id=their_batch).empty
        assert lead_reading.ids(session, mine, batch_id=their_batch).size == 0
        assert leads.assign_owner(session, mine, their_ids, "Eve", now=now) == 0
        assert leads.mark_exported(session, mine, their_ids, now=now) == 0
        assert erasure.delete_leads(session, mine, their_ids) == 0
        assert lead_matching.colleagues(session, mine, int(their_ids[0])).size == 0
        assert lead_matching.find_by_email(session, vault, mine, "person2@firm2.example").size == 0
        assert lead_matching.company_key_of(session, mine, int(their_ids[0])) is None
        for attempt in (
            lambda: lead_reading.find_lead(session, mine, int(their_ids[0])),
            lambda: leads.set_override(session, mine, int(their_ids[0]), score=1, tier=None, reason="x", by="e",
                                       now=now),
            lambda: lead_undo.undo_batch(session, vault, client_id=mine, batch_id=their_batch, now=now),
            lambda: leads.update_leads(session, vault, client_id=mine, batch_id=my_batch, lead_ids=their_ids,
                                       leads=people(), custom_fields=CUSTOM, now=now),
            lambda: stored_in(session, vault, now, mine, their_batch),
        ):
            with pytest.raises(NotFound):
                attempt()
        pd.testing.assert_frame_equal(lead_reading.read_leads(session, vault, theirs), before)


def stored_in(session, vault, now, client_id, batch_id):
    leads.write_leads(session, vault, client_id=client_id, batch_id=batch_id, leads=people(1), row_numbers=[2],
                      custom_fields=CUSTOM, now=now)


def test_erasing_leaves_no_row_about_a_lead(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, lead_ids = stored(session, vault, now)
        outcomes.record(session, client_id, lead_ids, stage="contacted", at=None, recorded_by="ann", now=now)
        assert erasure.delete_leads(session, client_id, lead_ids[:2]) == 4
        tables = ("leads", "outcomes", "activities", "scores", "score_history", "lead_changes")
        left = {name: session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}
    assert left == {"leads": 1, "outcomes": 1, "activities": 0, "scores": 0, "score_history": 0, "lead_changes": 0}


def test_a_persons_override_is_kept_and_forgotten(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, _ = stored(session, vault, now)
        leads.set_override(session, client_id, 2, score=91.0, tier="High", reason="I know her", by="ann", now=now)
        assert lead_reading.overrides(session, client_id).to_dict("index") == {2: {"score": 91.0, "tier": "High"}}
        assert lead_reading.overrides(session, client_id, [1, 3]).empty
        leads.set_override(session, client_id, 2, score=None, tier=None, reason=None, by=None, now=now)
        assert lead_reading.overrides(session, client_id).empty
        assert lead_reading.find_lead(session, client_id, 2).override_reason is None


def test_a_failing_import_leaves_nothing(store: Engine, vault: Vault, now) -> None:
    with pytest.raises(RuntimeError), write(store) as session:
        stored(session, vault, now)
        raise RuntimeError("kill")
    with read(store) as session:
        tables = ("clients", "batches", "leads", "counters")
        assert [session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables] == [0] * 4


def test_the_latest_dates_of_each_day_are_known(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, _ = stored(session, vault, now, people(6))
        found = lead_reading.latest_dates(session, client_id)
    assert list(found) == ["created_at"]
    assert found["created_at"].max() == pd.Timestamp("2026-01-06T10:00:00.250Z")


def test_stages_given_with_the_leads_are_kept(store: Engine, vault: Vault, now) -> None:
    stages = pd.Series(["lost", None, "converted"], dtype="str")
    with write(store) as session:
        client_id, _, _ = stored(session, vault, now, outcome=stages)
        assert lead_reading.outcomes(session, client_id).tolist() == ["lost", str(OutcomeStage.NEW), "converted"]


def test_owner_changes_reach_the_ranked_list(store: Engine, vault: Vault, now) -> None:
    with write(store) as session:
        client_id, _, lead_ids = stored(session, vault, now)
        scores.replace_scores(session, client_id, 1, one_score_each(lead_ids))
        assert leads.assign_owner(session, client_id, [2], "Kim", now=now) == 1
        assert leads.mark_exported(session, client_id, [3], now=now) == 1
        page = scores.page(session, client_id)
    assert page["owner"].dropna().to_dict() == {2: "Kim"}
    assert page.index[page["exported"]].tolist() == [3]


def one_score_each(lead_ids: np.ndarray) -> pd.DataFrame:
    index = pd.Index(lead_ids, name="lead_id")
    return pd.DataFrame({"rule_score": 50.0, "probability": np.nan, "blended": 50.0, "score": 50.0, "fit": 1.0,
                         "engagement": 1.0, "tier": "Low", "qualified": False, "reachable": True}, index=index)


def test_opening_the_store_again_finds_its_leads(sqlite_store_url: str, sqlite_store: Engine, vault, now) -> None:
    with write(sqlite_store) as session:
        client_id, _, _ = stored(session, vault, now)
    again = open_database(sqlite_store_url)
    with read(again) as session:
        assert lead_reading.read_leads(session, vault, client_id)["first_name"].tolist() == ["Ann 0", "Ann 1", "Ann 2"]
    again.dispose()
