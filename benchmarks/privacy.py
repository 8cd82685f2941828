"""Times what people may ask for: their record, their erasure and a renewal of keys, and field encryption itself.

``python -m benchmarks.privacy [LEADS]`` makes a home of its own with an invented campaign (100,000 leads by default),
scores it by the rules, and prints seconds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leadscore.access import Actor, Role
from leadscore.config import Settings
from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.services import consents, data_rights, intake, keys, privacy, retention, scoring
from leadscore.store import lead_reading
from leadscore.store.database import read, size_in_bytes
from leadscore.workbench import Workbench, open_workbench, utc_now

CLIENT = "benchmark"
BOSS = Actor(name="benchmark", role=Role.ADMIN)
VALUES = 100_000


def timed(what: str, work: Callable[[], Any]) -> Any:
    """Do something and print how long it took."""
    started = time.perf_counter()
    answer = work()
    print(f"{what:55s} {time.perf_counter() - started:8.2f} s", flush=True)
    return answer


def main(leads: int) -> None:
    """Fill a home and time one request of each kind."""
    with tempfile.TemporaryDirectory(prefix="leadscore-privacy-") as folder:
        workbench = open_workbench(Settings(home=Path(folder), _env_file=None))
        _encryption(workbench)
        path = Path(folder) / "campaign.csv"
        path.write_bytes(to_csv_bytes(make_campaign(leads, 3, end=utc_now())))
        timed(f"import {leads:,} leads", lambda: intake.import_file(
            workbench, BOSS, client=CLIENT, source=path, filename=path.name))
        path.unlink()
        timed("score them by the rules", lambda: scoring.rescore(workbench, BOSS, client=CLIENT))
        _requests(workbench, leads)


def _encryption(workbench: Workbench) -> None:
    values = [b'{"email":"somebody.%06d@firm.example","last_name":"Somebody"}' % number for number in range(VALUES)]
    places = [f"leads:{number}" for number in range(VALUES)]
    sealed = timed(f"encrypt {VALUES:,} leads' personal fields", lambda: workbench.vault.encrypt_many(values, places))
    opened = timed(f"decrypt {VALUES:,} leads' personal fields", lambda: workbench.vault.decrypt_many(sealed, places))
    assert opened == values


def _requests(workbench: Workbench, leads: int) -> None:
    with read(workbench.engine) as session:
        several = lead_reading.read_leads(session, workbench.vault, 1, lead_ids=[1, leads // 2, leads])
    email = several["email"].dropna().iloc[0]
    print(f"store: {size_in_bytes(workbench.engine) / 1024**2:,.0f} MB")
    timed("record of one person (JSON and report)",
          lambda: data_rights.access_record(workbench, BOSS, client=CLIENT, email=email))
    timed("copy of one person", lambda: data_rights.portable_data(workbench, BOSS, client=CLIENT, email=email))
    timed("objection of one person", lambda: consents.record_consent(
        workbench, BOSS, client=CLIENT, lead_id=leads // 2, purpose="profiling", given=False, source="benchmark"))
    timed("dry run of retention", lambda: retention.run_retention(workbench, BOSS, client=CLIENT))
    timed("consent by source", lambda: consents.consent_coverage(workbench, BOSS, client=CLIENT))
    timed("erasure of one person", lambda: privacy.erase_person(workbench, BOSS, client=CLIENT, email=email))
    timed("finish on disk (the worker's part)", lambda: privacy.finish_erasures(workbench))
    timed("new key and all personal data with it", lambda: keys.rotate_keys(workbench, BOSS))


if __name__ == "__main__":
    main(int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 100_000)
