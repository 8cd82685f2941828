"""What a check for drift comes to: a verdict, one sentence, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from leadscore.monitoring.drift_columns import ColumnDrift
from leadscore.monitoring.promises import Promise

SCORE = "score:chance"
"""Name of what the model says of leads, among the columns that are compared."""
FEW = 200
"""Leads below which only large changes can be told from chance."""
NAMED = 3


class Verdict(StrEnum):
    """What a check comes to."""

    TOO_LITTLE = "too little"
    STEADY = "steady"
    NOTICED = "noticed"
    ALARM = "alarm"


@dataclass(frozen=True)
class Said:
    """A verdict in words.

    Parameters
    ----------
    verdict : Verdict
    sentence : str
    causes : tuple of str
        What was found, in sentences, the most important first.
    """

    verdict: Verdict
    sentence: str
    causes: tuple[str, ...] = ()


def judge_drift(columns: Sequence[ColumnDrift], promises: Sequence[Promise], *, newer: int, version: int) -> Said:
    """Say what a comparison comes to.

    An alarm is a change in what the scores look at, in the scores themselves, or a promise that was not kept. Where
    nothing could be compared there is neither.

    Parameters
    ----------
    newer : int
        Leads that came in since the model learnt.
    version : int
        Of the model.
    """
    told = any(promise.kept is not None for promise in promises)
    broken = [promise.sentence for promise in promises if promise.kept is False]
    moved = [column for column in columns if column.moved]
    used = [column for column in moved if column.importance > 0 or column.name == SCORE]
    causes = (*broken, *(column.sentence for column in sorted(used, key=lambda each: -each.importance)),
              *(column.sentence for column in moved if column not in used))
    if not columns and not told:
        return Said(Verdict.TOO_LITTLE, f"Too little data: {newer:,} leads have come in since version {version} "
                                        "learnt, and too few of them have ended.")
    if broken or used:
        return Said(Verdict.ALARM, _alarm(used, broken, version), causes)
    if not columns:
        return Said(Verdict.STEADY, f"What version {version} promised holds; too few leads have come in since to "
                                    "compare what they are like.")
    few = f" With {newer:,} leads only large changes can be seen." if newer < FEW else ""
    if moved:
        return Said(Verdict.NOTICED, f"Newer leads differ in {_listed(moved)}, which the scores hardly look at.{few}",
                    causes)
    return Said(Verdict.STEADY, f"Newer leads are like those version {version} has learnt from.{few}")


def _alarm(used: Sequence[ColumnDrift], broken: Sequence[str], version: int) -> str:
    parts = []
    if used:
        parts.append(f"Newer leads differ from those version {version} has learnt from, most in {_listed(used)}.")
    if broken:
        parts.append("What it promised no longer holds." if used else
                     f"What version {version} promised no longer holds: {broken[0][0].lower()}{broken[0][1:]}")
    return " ".join(parts)


def _listed(columns: Sequence[ColumnDrift]) -> str:
    names = [column.label for column in columns[:NAMED]]
    more = f" and {len(columns) - NAMED} more" if len(columns) > NAMED else ""
    return (", ".join(names) if more or len(names) == 1 else " and ".join([", ".join(names[:-1]), names[-1]])) + more
