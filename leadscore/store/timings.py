"""How long work took: rows go in by the handful, a frame of the newest comes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
from sqlmodel import Session

from leadscore.store.bulk import fetch_columns
from leadscore.store.tables import Timing, to_text

COLUMNS = ("what", "seconds", "rows", "peak_mb", "failed", "at")
MOST = 100_000


def add_all(session: Session, rows: Sequence[Timing]) -> None:
    """Keep some."""
    session.add_all(rows)
    session.flush()


def since(session: Session, moment: datetime, *, most: int = MOST) -> pd.DataFrame:
    """Give the newest timings since a moment, newest first: ``what, seconds, rows, peak_mb, failed, at``."""
    columns = fetch_columns(session, f"SELECT {', '.join(COLUMNS)} FROM timings WHERE at >= :moment "
                            "ORDER BY at DESC LIMIT :most", {"moment": to_text(moment), "most": most})
    frame = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    return frame.astype({"what": str, "seconds": float, "failed": bool})
