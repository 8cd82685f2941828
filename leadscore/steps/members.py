"""Which leads a file held, packed small enough for the audit trail: numbers of leads, never who they are."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence

import numpy as np


def packed(lead_ids: Sequence[int] | np.ndarray) -> str:
    """Pack numbers of leads: the gaps between them in ascending order, compressed, as base64.

    Parameters
    ----------
    lead_ids : sequence of int
        Any order, each 0 or more; no gap of 2^32 or more between two.
    """
    ordered = np.unique(np.asarray(lead_ids, dtype=np.int64))
    gaps = np.diff(ordered, prepend=0)
    return b64encode(zlib.compress(gaps.astype("<u4").tobytes(), 9)).decode()


def unpacked(text: str) -> np.ndarray:
    """Give the numbers :func:`packed` took, in ascending order."""
    gaps = np.frombuffer(zlib.decompress(b64decode(text)), dtype="<u4")
    return np.cumsum(gaps, dtype=np.int64)
