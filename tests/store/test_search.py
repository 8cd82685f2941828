"""People are found by what a person types, although nothing that identifies them stands in the tables."""

import pandas as pd
import pytest

from leadscore.store import batches, clients, lead_matching, lead_reading, leads
from leadscore.store.database import read, write


@pytest.fixture
def stored(store, vault, now):
    frame = pd.DataFrame({
        "first_name": ["Ana", "Bo", None], "last_name": ["Almeida", "Weber", None], "full_name": [None, None, "Cy Ng"],
        "email": ["ana@x.example", "bo@x.example", None], "phone": ["+49 351 1234567", None, None],
    }).astype("str")
    with write(store) as session:
        client = clients.ensure(session, "acme", now)
        other = clients.ensure(session, "beta", now)
        for owner in (client, other):
            batch = batches.create(session, owner, filename="a.csv", sha256="0" * 64, imported_by="me", now=now)
            leads.write_leads(session, vault, client_id=owner, batch_id=batch, leads=frame, row_numbers=[2, 3, 4],
                              now=now)
    return store, client


@pytest.mark.parametrize(("typed", "expected"), [
    ("almeida", ["Ana"]), ("ANA ALM", ["Ana"]), ("we", ["Bo"]), ("cy ng", [None]), (" bo@X.example ", ["Bo"]),
    ("0049 351/1234567", ["Ana"]), ("a", []), ("nobody", []), ("", []), ("%", []),
])
def test_a_person_is_found_by_part_of_the_name_or_the_whole_address_or_number(stored, vault, typed, expected):
    engine, client = stored
    with read(engine) as session:
        found = lead_matching.search_people(session, vault, client, typed)
        names = lead_reading.read_leads(session, vault, client, lead_ids=found, fields=["first_name"])
    assert [None if pd.isna(name) else name for name in names.get("first_name", [])] == expected
