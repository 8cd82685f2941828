"""Writes and reads many rows at once: whole columns in, whole columns out, always inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice, repeat
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from sqlalchemy import text
from sqlmodel import Session

from leadscore.store.database import is_sqlite
from leadscore.store.tables import to_text

NUL = "\x00"
IDS_PER_QUERY = 50_000


def insert_rows(session: Session, table: str, columns: Mapping[str, Any]) -> int:
    """Insert rows given as columns, by ``executemany`` on SQLite and COPY on PostgreSQL.

    Parameters
    ----------
    session : Session
        Its transaction is used and stays open.
    table : str
        Name of one of our tables, never of a user's.
    columns : mapping of str to sequence or scalar
        Arrays, Series, Arrow arrays or lists of one length; a scalar fills its column. Missing values of every
        kind become NULL, times become UTC text.

    Returns
    -------
    int
        Number of rows.
    """
    lists, rows = _as_lists(columns)
    if not rows:
        return 0
    session.flush()
    driver = session.connection().connection.driver_connection
    names, records = list(lists), zip(*lists.values(), strict=False)
    if is_sqlite(session):
        _insert_sqlite(driver, table, names, records)
    else:
        _copy_postgres(driver, table, names, islice(records, rows))
    return rows


def update_rows(session: Session, table: str, columns: Mapping[str, Any], key: str = "id") -> int:
    """Update rows by their key; the other columns are set.

    Parameters
    ----------
    columns : mapping of str to sequence or scalar
        As in :func:`insert_rows`; must hold the key column as a sequence.
    """
    lists, rows = _as_lists(columns)
    names = [name for name in lists if name != key]
    if not rows or not names:
        return 0
    session.flush()
    connection = session.connection()
    mark = "?" if is_sqlite(session) else "%s"
    assignments = ", ".join(f'"{name}" = {mark}' for name in names)
    records = list(islice(zip(*(lists[name] for name in [*names, key]), strict=False), rows))
    cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
    cursor.executemany(f'UPDATE "{table}" SET {assignments} WHERE "{key}" = {mark}', records)
    cursor.close()
    return rows


def next_ids(session: Session, name: str, count: int) -> int:
    """Reserve ``count`` consecutive ids of a table and give the first."""
    session.execute(text("INSERT INTO counters (name, next_id) VALUES (:name, 1 + :count) "
                         "ON CONFLICT (name) DO UPDATE SET next_id = counters.next_id + :count"),
                    {"name": name, "count": count})
    following = session.execute(text("SELECT next_id FROM counters WHERE name = :name"), {"name": name}).scalar_one()
    return int(following) - count


def fetch_columns(session: Session, statement: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
    """Run a query written by us and give its result column by column, without objects per row.

    Returns
    -------
    list of list
        One list a column; the columns are empty lists when nothing was found.
    """
    cursor = session.connection().execute(text(statement), dict(parameters or {}))
    names, raw = list(cursor.keys()), cursor.cursor
    rows = raw.fetchall() if raw is not None else []
    cursor.close()
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in names]


def fetch_for(session: Session, statement: str, column: str, values: Sequence[Any] | np.ndarray,
              parameters: Mapping[str, Any]) -> list[list[Any]]:
    """Run a query that ends in conditions, for the rows whose column is among many values, in portions.

    Parameters
    ----------
    statement : str
        ``SELECT … WHERE …``; the condition is added with AND.
    """
    condition = member_of(session, column, "portion")
    query = f"{statement} AND {condition}"
    parts = [fetch_columns(session, query, {**parameters, "portion": members(session, portion)})
             for portion in in_portions(values)]
    if not parts:
        return fetch_columns(session, f"{statement} AND 1 = 0", parameters)
    return parts[0] if len(parts) == 1 else [list(chain.from_iterable(pieces)) for pieces in zip(*parts, strict=True)]


def member_of(session: Session, column: str, parameter: str) -> str:
    """Write the condition that a column is among the values of one parameter; fill it with :func:`members`."""
    if is_sqlite(session):
        return f"{column} IN (SELECT value FROM json_each(:{parameter}))"
    return f"{column} = ANY(:{parameter})"


def members(session: Session, values: Sequence[Any] | np.ndarray) -> Any:
    """Pack values as the one parameter of :func:`member_of`, so that their number has no limit."""
    plain = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return orjson.dumps(plain).decode() if is_sqlite(session) else plain


def in_portions(values: np.ndarray | Sequence[Any], size: int = IDS_PER_QUERY) -> Iterator[Any]:
    """Cut a long sequence into portions."""
    for start in range(0, len(values), size):
        yield values[start:start + size]


def to_list(values: Any) -> list[Any]:
    """Turn one column into the Python values a driver stores: NaN, NaT and NA become None, times UTC text.

    Parameters
    ----------
    values : array, Series, Arrow array or sequence
        One column.
    """
    if isinstance(values, list | tuple):
        return list(values)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return list(_without_nul(values).to_pylist())
    if isinstance(values, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return _pandas_list(values)
    return _numpy_list(np.asarray(values))


def _pandas_list(values: Any) -> list[Any]:
    dtype = values.dtype
    if isinstance(dtype, pd.StringDtype):
        return _text_list(values)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return _numpy_list(values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
                           if isinstance(values, pd.Series) else np.asarray(values.tz_convert(None)))
    if isinstance(dtype, pd.CategoricalDtype):
        return _pandas_list(pd.Series(values).astype(object))
    if isinstance(dtype, np.dtype):
        return _numpy_list(values.to_numpy())
    listed: list[Any] = values.to_numpy(dtype=object, na_value=None).tolist()
    return listed


def _text_list(values: Any) -> list[Any]:
    array = values.array if isinstance(values, pd.Series | pd.Index) else values
    arrow = pa.array(array, from_pandas=True)
    return list(_without_nul(arrow).to_pylist())


def _without_nul(arrow: Any) -> Any:
    # PostgreSQL cannot store NUL in text; both databases shall keep the same
    if pa.types.is_string(arrow.type) or pa.types.is_large_string(arrow.type):
        found = pc.any(pc.match_substring(arrow, NUL)).as_py()
        return pc.replace_substring(arrow, NUL, "") if found else arrow
    return arrow


def _numpy_list(array: np.ndarray) -> list[Any]:
    if array.dtype.kind == "M":
        return _time_list(array)
    if array.dtype.kind == "f":
        missing = np.isnan(array)
        if not missing.any():
            return list(array.tolist())
        array = array.astype(object)
        array[missing] = None
        return list(array.tolist())
    if array.dtype.kind == "O":
        return _object_list(array)
    return list(array.tolist())


def _time_list(array: np.ndarray) -> list[str | None]:
    missing = np.isnat(array)
    texts = np.datetime_as_string(array.astype("datetime64[ms]"), unit="ms", timezone="UTC")
    if not missing.any():
        return list(texts.tolist())
    boxed = texts.astype(object)
    boxed[missing] = None
    return list(boxed.tolist())


def _object_list(array: np.ndarray) -> list[Any]:
    boxed = array.copy()
    boxed[pd.isna(array)] = None
    listed = list(boxed.tolist())
    if any(isinstance(value, datetime) for value in listed):
        return [to_text(value) if isinstance(value, datetime) else value for value in listed]
    return listed


def _as_lists(columns: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    lists: dict[str, Any] = {}
    lengths = set()
    for name, values in columns.items():
        if values is None or isinstance(values, str | bytes | int | float | bool | datetime | np.generic):
            lists[name] = repeat(to_text(values) if isinstance(values, datetime) else values)
        else:
            lists[name] = to_list(values)
            lengths.add(len(lists[name]))
    if len(lengths) != 1:
        raise ValueError(f"columns of one length are needed, not {sorted(lengths)}")
    return lists, lengths.pop()


def _insert_sqlite(driver: Any, table: str, names: list[str], records: Iterator[Any]) -> None:
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    cursor = driver.cursor()
    cursor.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', records)
    cursor.close()


def _copy_postgres(driver: Any, table: str, names: list[str], records: Iterator[Any]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names)))
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        write_row = copy.write_row
        for record in records:
            write_row(record)
