"""How long work took is collected in memory and kept a handful at a time, so that nobody waits for the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from leadscore.store import clients, timings
from leadscore.store.database import write
from leadscore.store.tables import Timing
from leadscore.workbench import Measured, Workbench

MOST_OF_A_KIND = 12
"""Kept of one kind at a time: evenly spaced in length, both ends included, so that medians and worst cases stay."""
MEGABYTE_IN_KB = 1024
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"


def note(workbench: Workbench, what: str, seconds: float, *, client: str | None = None, rows: int | None = None,
         peak_mb: float | None = None, failed: bool = False) -> None:
    """Collect how long something took; it is kept by :func:`keep`."""
    workbench.measured.append(Measured(what=what[:60], seconds=seconds, client=client, rows=rows, peak_mb=peak_mb,
                                       failed=failed, at=workbench.clock()))


def keep(workbench: Workbench) -> int:
    """Write down what was collected and say how many rows that made."""
    collected = []
    with suppress(IndexError):
        while True:
            collected.append(workbench.measured.popleft())
    if not collected:
        return 0
    chosen = sample(collected)
    with write(workbench.engine) as session:
        rows = {name: clients.find(session, name) for name in {one.client for one in chosen if one.client}}
        ids = {name: row.id for name, row in rows.items() if row}
        timings.add_all(session, [Timing(
            client_id=ids.get(one.client or ""), what=one.what, seconds=one.seconds, rows=one.rows,
            peak_mb=one.peak_mb, failed=one.failed, at=one.at) for one in chosen])
    return len(chosen)


def sample(collected: Sequence[Measured]) -> list[Measured]:
    """Choose a few of each kind that stand for all of them; what failed stays."""
    kinds: dict[str, list[Measured]] = defaultdict(list)
    for one in collected:
        kinds[one.what].append(one)
    return [chosen for ones in kinds.values() for chosen in _spread(ones)]


def forget_peak() -> None:
    """Begin to measure this process's peak memory anew, where the system can do that."""
    with suppress(OSError):
        CLEAR.write_text(RESET_PEAK)


def peak_mb() -> float | None:
    """Give this process's peak memory since :func:`forget_peak`, in megabytes; None where that is not known."""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return None
    peak = next((line.split()[1] for line in lines if line.startswith("VmHWM")), None)
    return int(peak) / MEGABYTE_IN_KB if peak else None


def _spread(ones: Sequence[Measured]) -> list[Measured]:
    failed = [one for one in ones if one.failed][:MOST_OF_A_KIND]
    well = sorted((one for one in ones if not one.failed), key=lambda one: one.seconds)
    places = np.unique(np.linspace(0, len(well) - 1, min(len(well), MOST_OF_A_KIND)).round().astype(int)) \
        if well else np.array([], dtype=int)
    return failed + [well[place] for place in places.tolist()]
