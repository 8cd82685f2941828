"""What a report says, whatever it is about: sections of words, figures, pictures and tables under a brand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.reports.logos import check_logo

ACCENT = "#1d5fa3"
"""The colour of a brand that names none: the workbench's own."""

LONGEST_NAME = 80
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII)


@dataclass(frozen=True)
class Brand:
    """Whose report it is.

    Parameters
    ----------
    name : str
        1 to 80 printable characters.
    colour : str
        One accent, as ``#1d5fa3``.
    logo : bytes or None
        A PNG or a JPEG picture.

    Raises
    ------
    InvalidRequest
        One of them cannot be used.
    """

    name: str
    colour: str = ACCENT
    logo: bytes | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot stand at the head of a report."""
        if not self.name.strip() or len(self.name) > LONGEST_NAME or not self.name.isprintable():
            raise InvalidRequest("wrong_brand_name", "This cannot be the name on a report.",
                                 f"Use 1 to {LONGEST_NAME} printable characters.")
        if not _COLOUR.fullmatch(self.colour):
            raise InvalidRequest("wrong_colour", f"'{self.colour[:20]}' is not a colour.", "Write it as #1d5fa3.")
        if self.logo is not None:
            check_logo(self.logo)


@dataclass(frozen=True)
class Figure:
    """One number with what is needed to read it; all of it as people read it, empty where there is nothing to say.

    Parameters
    ----------
    good : bool or None
        Whether the change is a good one; None where it is neither.
    """

    label: str
    value: str
    change: str = ""
    likely: str = ""
    note: str = ""
    good: bool | None = None


@dataclass(frozen=True)
class Drawing:
    """A picture as the text of an SVG; where that is empty, ``caption`` says why there is nothing to see.

    Parameters
    ----------
    alt : str
        What is seen, for those who cannot see it.
    caption : str
        What it means, below the picture.
    wide : bool
        Whether it takes a whole row.
    """

    title: str
    svg: str
    alt: str = ""
    caption: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under headings for people; numbers are set to the right.

    Parameters
    ----------
    shares : tuple of str
        Headings of columns whose values in [0, 1] are shown as per cent.
    """

    title: str
    rows: pd.DataFrame
    shares: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A part of a report under a heading; its parts follow in this order."""

    title: str
    paragraphs: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Document:
    """A report.

    Parameters
    ----------
    subtitle : str
        What it is about: period and filters, in words.
    made_at : datetime
        Aware of its time zone.
    """

    title: str
    subtitle: str
    brand: Brand
    made_at: datetime
    made_by: str
    sections: tuple[Section, ...] = ()
    footnotes: tuple[str, ...] = ()
