import numpy as np
import pandas as pd

from leadscore.store import activities, clients
from leadscore.store.database import read, write


def _frame(*rows):
    frame = pd.DataFrame(rows, columns=["lead_id", "kind", "at"])
    return frame.assign(at=pd.to_datetime(frame["at"], utc=True).astype("datetime64[us, UTC]"))


def test_each_activity_is_kept_once_in_order_of_time(store, now):
    facts = _frame((7, "activity", "2026-05-02"), (7, "first response", "2026-05-01"), (8, "activity", None),
                   (7, "activity", "2026-05-02"))
    with write(store) as session:
        client = clients.ensure(session, "acme", now)
        assert activities.append(session, client, facts, batch_id=1, strangers=np.array([7, 8])) == 2
        assert activities.append(session, client, facts, batch_id=2) == 0
        assert activities.append(session, client, _frame((7, "activity", "2026-06-01")), batch_id=2) == 1
    with read(store) as session:
        told = activities.of_lead(session, client, 7)
    assert told["kind"].tolist() == ["first response", "activity", "activity"]
    assert told["at"].dt.day.tolist() == [1, 2, 1]


def test_another_client_sees_none_of_it(store, now):
    with write(store) as session:
        mine, yours = clients.ensure(session, "acme", now), clients.ensure(session, "beta", now)
        activities.append(session, mine, _frame((7, "activity", "2026-05-02")), batch_id=None)
        assert activities.of_lead(session, yours, 7).empty
