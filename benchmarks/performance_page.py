"""Times what the server does for the Performance page: cold, after something has changed, and warm.

Run ``python -m benchmarks.performance_page --leads 1000000 --ended 200000``. A campaign is imported, scored and trained
on as people do it; above 50,000 leads its scores are repeated under other numbers, since the page reads nothing else of
a lead, and those beyond ``--ended`` are set back to new.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
from sqlalchemy import text

from leadscore.access import Actor
from leadscore.config import Settings
from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.services import accounts, delivery, insight, intake, scoring, segments, training, value
from leadscore.services.insight import ListView
from leadscore.store.database import write
from leadscore.workbench import Workbench, open_workbench, utc_now

CLIENT = "default"
MADE_AT_MOST = 50_000
COLD, WARM = 1_500.0, 300.0
"""Milliseconds the page may take."""
RUNS = 3
SHOWN = ("trend-leads", "trend-rate", "conversion-by-score", "gains", "funnel", "scores")


def main() -> None:
    """Print the milliseconds of the page for several views."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--ended", type=int, default=200_000)
    parser.add_argument("--home", type=Path, help="a home that is filled already")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workbench = open_workbench(Settings(home=options.home or Path(folder)))
        actor = accounts.local_operator()
        if options.home is None:
            _fill(workbench, actor, options.leads, options.ended)
        _measure(workbench, actor)
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB, {os.cpu_count()} cores")


def _fill(workbench: Workbench, actor: Actor, leads: int, ended: int) -> None:
    data = to_csv_bytes(make_campaign(min(leads, MADE_AT_MOST), 7, end=utc_now()))
    intake.import_file(workbench, actor, client=CLIENT, source=data, filename="campaign.csv")
    training.train_stored(workbench, actor, client=CLIENT, request=training.TrainingRequest(deploy=True))
    scoring.rescore(workbench, actor, client=CLIENT)
    with write(workbench.engine) as session:
        made = session.execute(text("SELECT count(*) FROM scores")).scalar_one()
        names = [row[1] for row in session.execute(text("PRAGMA table_info(scores)")) if row[1] != "lead_id"]
        listed = ", ".join(names)
        for time_ in range(1, max(1, round(leads / made))):
            session.execute(text(f"INSERT INTO scores (lead_id, {listed}) SELECT lead_id + {time_} * 10000000, "
                                 f"{listed} FROM scores WHERE lead_id < 10000000"))
        known = session.execute(text("SELECT count(*) FROM scores WHERE outcome <> 'new'")).scalar_one()
        step = max(1, round(known / max(ended, 1)))
        session.execute(text("UPDATE scores SET outcome = 'new', furthest = NULL, decided_on = NULL, revenue = NULL, "
                             "currency = NULL, days_to_contact = NULL, days_to_conversion = NULL, foretold = NULL, "
                             "foretold_chance = NULL, foretold_by = NULL WHERE outcome <> 'new' AND "
                             f"(lead_id / 7) % {step} <> 0"))


def _measure(workbench: Workbench, actor: Actor) -> None:
    last = insight.span(workbench, actor, client=CLIENT)
    end = last[1] if last else utc_now().date()
    begin = (end - timedelta(days=89)).isoformat()
    everything = insight.performance(workbench, actor, client=CLIENT).figures
    print(f"{everything.leads:,} leads, {everything.converted + everything.lost:,} decided")
    views = {"everything": ListView(), "90 days and the 90 before": ListView(came_from=begin, came_to=end.isoformat()),
             "one source": ListView(sources=("Webinar",)), "one tier": ListView(tiers=("High",)),
             "one import": ListView(batch_id=1)}
    for name, view in views.items():
        cold = min(_milliseconds(lambda view=view: _page(workbench, actor, view), workbench) for _ in range(RUNS))
        warm = min(_milliseconds(lambda view=view: _page(workbench, actor, view)) for _ in range(RUNS))
        print(f"  {name:28} cold {cold:7,.0f} ms ({cold / COLD:.2f} of the budget)   warm {warm:5,.0f} ms "
              f"({warm / WARM:.2f})")
    worth = _milliseconds(lambda: value.scoring_value(workbench, actor, client=CLIENT, view=ListView()), workbench)
    print(f"  what scoring is worth, in the Money tab: {worth:,.0f} ms")


def _page(workbench: Workbench, actor: Actor, view: ListView) -> int:
    """Do what the page does for its first tab, down to the bytes of its pictures."""
    delivery.filter_options(workbench, actor, client=CLIENT)
    segments.list_segments(workbench, actor, client=CLIENT)
    insight.state(workbench, actor, client=CLIENT)
    report = insight.performance(workbench, actor, client=CLIENT, view=view)
    return sum(len(orjson.dumps(report.picture(key).spec)) for key in SHOWN)


def _milliseconds(work: Callable[[], object], forgetting: Workbench | None = None) -> float:
    if forgetting is not None:
        forgetting.remembered.clear()
    started = time.perf_counter()
    work()
    return 1_000 * (time.perf_counter() - started)


if __name__ == "__main__":
    main()
