"""Whole columns become rows and come back the same."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import Engine, text

from leadscore.store.bulk import fetch_columns, fetch_for, insert_rows, next_ids, to_list, update_rows
from leadscore.store.database import read, write

TIME = pd.Timestamp("2026-01-31 09:30:00.123456", tz="Europe/Berlin")


@pytest.mark.parametrize(("values", "expected"), [
    (np.array([1.5, np.nan]), [1.5, None]),
    (np.array([1, 2]), [1, 2]),
    (np.array([True, False]), [True, False]),
    (pd.Series(["a", None, "ü"], dtype="str"), ["a", None, "ü"]),
    (pd.Series(["a\x00b"], dtype="str"), ["ab"]),
    (pd.Series([True, pd.NA], dtype="boolean"), [True, None]),
    (pd.Series([1, pd.NA], dtype="Int64"), [1, None]),
    (pd.Series([TIME, pd.NaT]), ["2026-01-31T08:30:00.123Z", None]),
    (pd.Series([TIME.tz_localize(None), pd.NaT]), ["2026-01-31T09:30:00.123Z", None]),
    (pd.Series([pd.Timestamp("1890-05-01", tz="UTC")]), ["1890-05-01T00:00:00.000Z"]),
    (pd.Series(["x", None], dtype="category"), ["x", None]),
    (pd.Series([None, "x", 1, float("nan")], dtype=object), [None, "x", 1, None]),
    (pd.Series([datetime(2026, 1, 1, tzinfo=UTC), None], dtype=object), ["2026-01-01T00:00:00.000Z", None]),
    (pa.array(["a", None]), ["a", None]),
    (pd.Index([3, 4]), [3, 4]),
    ((1, "x", None), [1, "x", None]),
    (np.array([]), []),
])
def test_every_kind_of_column_becomes_plain_values(values, expected) -> None:
    listed = to_list(values)
    assert listed == expected
    assert [type(value) for value in listed] == [type(value) for value in expected]


def test_columns_are_stored_and_scalars_fill_theirs(store: Engine) -> None:
    with write(store) as session:
        assert insert_rows(session, "facts", {"name": [f"n{i}" for i in range(5)], "value": "same"}) == 5
    with read(store) as session:
        names, values = fetch_columns(session, "SELECT name, value FROM facts ORDER BY name")
    assert names == ["n0", "n1", "n2", "n3", "n4"]
    assert values == ["same"] * 5


def test_awkward_text_survives(store: Engine) -> None:
    nasty = ["", "\\N", "tab\there", "line\nbreak", "quote'\"", "\\", "🙂", "$1 %s ? :x", "\ufeff"]
    with write(store) as session:
        insert_rows(session, "facts", {"name": [str(i) for i in range(len(nasty))], "value": nasty})
    with read(store) as session:
        assert fetch_columns(session, "SELECT value FROM facts ORDER BY name") == [nasty]


def test_no_rows_are_no_work(store: Engine) -> None:
    with write(store) as session:
        assert insert_rows(session, "facts", {"name": [], "value": []}) == 0
        assert update_rows(session, "facts", {"name": [], "value": []}, key="name") == 0


def test_columns_of_different_length_are_a_fault(sqlite_store: Engine) -> None:
    with pytest.raises(ValueError, match="one length"), write(sqlite_store) as session:
        insert_rows(session, "facts", {"name": ["a", "b"], "value": ["x"]})


def test_rows_are_updated_by_their_key(store: Engine) -> None:
    with write(store) as session:
        insert_rows(session, "facts", {"name": ["a", "b", "c"], "value": "old"})
        update_rows(session, "facts", {"name": ["c", "a"], "value": ["C", "A"]}, key="name")
        assert fetch_columns(session, "SELECT value FROM facts ORDER BY name") == [["A", "old", "C"]]


def test_a_failed_bulk_insert_is_rolled_back_with_all_before_it(store: Engine) -> None:
    with pytest.raises(Exception, match="(?i)unique|duplicate"), write(store) as session:
        insert_rows(session, "facts", {"name": ["a"], "value": "x"})
        insert_rows(session, "facts", {"name": ["b", "b"], "value": "x"})
    with read(store) as session:
        assert session.execute(text("SELECT count(*) FROM facts")).scalar_one() == 0


def test_ids_are_reserved_without_overlap(store: Engine) -> None:
    with write(store) as session:
        wanted = [("leads", 10), ("leads", 5), ("other", 1)]
        assert [next_ids(session, name, count) for name, count in wanted] == [1, 11, 1]
    with write(store) as session:
        assert next_ids(session, "leads", 1) == 16


def test_many_values_are_looked_up_in_portions(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with write(store) as session:
        insert_rows(session, "facts", {"name": [f"n{i}" for i in range(25)], "value": "x"})
    monkeypatch.setattr("leadscore.store.bulk.IDS_PER_QUERY", 4)
    wanted = [f"n{i}" for i in range(0, 25, 2)] + ["missing", "'; DROP TABLE facts --"]
    with read(store) as session:
        (found,) = fetch_for(session, "SELECT name FROM facts WHERE value = :v", "name", wanted, {"v": "x"})
        assert fetch_for(session, "SELECT name FROM facts WHERE value = :v", "name", [], {"v": "x"}) == [[]]
    assert sorted(found) == sorted(wanted[:-2])
