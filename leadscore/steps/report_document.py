"""Key figures, pictures and sentences of a page put into a report, with the words around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadscore.charts import still
from leadscore.charts.picture import Picture
from leadscore.charts.tile import Better, Tile
from leadscore.reports.document import Brand, Document, Drawing, Figure, Section, Table

PAPER_WIDTH = 430
"""Pixels of a picture that shares its row with another; words in it stay as large as those around it."""
WIDE = 900
"""Pixels of a picture that takes a whole row."""


@dataclass(frozen=True)
class About:
    """What stands at the head of a report: its title, what it is about in words, when it was made and by whom."""

    title: str
    subtitle: str
    made_at: datetime
    made_by: str


def document_of(about: About, brand: Brand, *, tiles: Sequence[Tile], pictures: Mapping[str, Sequence[Picture]],
                sentences: Sequence[str], tables: Sequence[Table] = (), notes: Sequence[str] = (),
                wide: Iterable[str] = ()) -> Document:
    """Put the parts of a page into a report; parts that are empty have no heading.

    Parameters
    ----------
    pictures : mapping of str to sequence of Picture
        By the heading they stand under.
    sentences : sequence of str
        Told first, above the key figures.
    notes : sequence of str
        Told last, in small.
    wide : iterable of str
        Keys of pictures that take a whole row.
    """
    broad = set(wide)
    sections = (
        Section("In short", paragraphs=tuple(sentences), figures=tuple(map(figure_of, tiles))),
        *(Section(title, drawings=tuple(drawing_of(one, wide=one.key in broad) for one in ones))
          for title, ones in pictures.items()),
        Section("Tables", tables=tuple(tables)),
    )
    filled = tuple(part for part in sections if part.paragraphs or part.figures or part.drawings or part.tables)
    return Document(about.title, about.subtitle, brand, about.made_at, about.made_by, filled, tuple(notes))


def figure_of(tile: Tile) -> Figure:
    """Write a tile as a figure of a report."""
    likely = tile.likely
    note = " ".join(part for part in (f"Also {', '.join(tile.more)}." if tile.more else "", tile.note) if part)
    return Figure(tile.label, tile.text, _change(tile), f"Likely {likely}" if likely else "", note, _is_good(tile))


def drawing_of(picture: Picture, *, wide: bool = False) -> Drawing:
    """Draw a picture as it goes to paper; one with nothing to draw says what is missing."""
    if picture.spec is None:
        return Drawing(picture.title, "", caption=picture.empty, wide=wide)
    svg = still.svg(picture.spec, width=WIDE if wide else PAPER_WIDTH)
    return Drawing(picture.title, svg, picture.alt, picture.caption, wide=wide)


def _change(tile: Tile) -> str:
    if tile.change is None:
        return ""
    return f"{tile.change} against before" if _is_seen(tile.change) else "As before"


def _is_seen(change: str) -> bool:
    """Say whether a change is large enough to be seen in its decimals."""
    return any(digit in change for digit in "123456789")


def _is_good(tile: Tile) -> bool | None:
    """Say whether a change is a good one; one too small to be seen, or of no direction, is neither."""
    if tile.change is None or tile.better == Better.NEITHER or tile.value is None or tile.before is None \
            or not _is_seen(tile.change):
        return None
    return (tile.value > tile.before) == (tile.better == Better.UP)
