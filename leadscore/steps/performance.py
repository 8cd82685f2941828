"""The Performance page and its report: what was measured, as tiles, pictures and sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import Session

from leadscore.charts.picture import Picture
from leadscore.charts.tile import Tile
from leadscore.monitoring.performance import Figures
from leadscore.monitoring.sentences import Sentence, sentences
from leadscore.steps.listing import ListView
from leadscore.steps.measurements import Core, Measurements, measure
from leadscore.steps.performance_pictures import drawings_of, trends_of
from leadscore.steps.performance_tiles import tiles_of
from leadscore.steps.situations import situation_of
from leadscore.workbench import Workbench


@dataclass(frozen=True)
class Report:
    """What is shown of some leads.

    Parameters
    ----------
    measured : Measurements
        The numbers everything else is made of.
    tiles : tuple of Tile
        Key figures, the most telling first.
    drawings : mapping of str to callable
        How each picture is drawn, by its key and in the order of a report.
    sentences : tuple of Sentence
        What changed, what is not certain, and what to do next.
    """

    measured: Measurements
    tiles: tuple[Tile, ...]
    drawings: Mapping[str, Callable[[], Picture]]
    sentences: tuple[Sentence, ...]
    _drawn: dict[str, Picture] = field(default_factory=dict, compare=False, repr=False)

    def picture(self, key: str) -> Picture:
        """Draw a picture, once for everybody who looks at this report."""
        known = self._drawn.get(key)
        if known is None:
            known = self._drawn[key] = self.drawings[key]()
        return known

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All of them, in the order of a report."""
        return tuple(self.picture(key) for key in self.drawings)

    @property
    def now(self) -> Core:
        """The key figures with what belongs to them."""
        return self.measured.now

    @property
    def before(self) -> Core | None:
        """Those of the period before, where a period was asked for."""
        return self.measured.before

    @property
    def figures(self) -> Figures:
        """The key figures."""
        return self.measured.now.figures

    def courses(self, step: str) -> tuple[Picture, ...]:
        """Draw the course of the leads by ``day``, ``week`` or ``month``."""
        return trends_of(self.measured, step)

    @property
    def period(self) -> tuple[date, date] | None:
        """First and last day on which these leads came in."""
        return self.measured.period


def report_of(session: Session, workbench: Workbench, client_id: int, view: ListView, *, by: str) -> Report:
    """Make the report of the leads a view means.

    Parameters
    ----------
    by : str
        Who looks: a view of theirs may stand on segments they may see.

    Raises
    ------
    InvalidRequest, NotFound
        The view is narrowed by something that is not there, or to a period that ends before it starts.
    """
    measured = measure(session, workbench, client_id, view, by=by)
    told = sentences(situation_of(measured, view, today=workbench.clock().date()))
    return Report(measured, tiles_of(measured), drawings_of(measured), told)
