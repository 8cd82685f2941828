"""A small report with a part of every kind, and pictures to put into it."""

from datetime import UTC, datetime
from io import BytesIO

import pandas as pd
from PIL import Image

from leadscore.reports.document import Brand, Document, Drawing, Figure, Section, Table

MADE_AT = datetime(2026, 11, 21, 12, 5, tzinfo=UTC)
BARS = ('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" viewBox="0 0 40 20"><defs><clipPath id="clip1">'
        '<rect width="40" height="20"/></clipPath></defs><g clip-path="url(#clip1)"><path d="M0,0h9v9h-9Z" '
        'fill="#123456"/><text x="1" y="2">Webinar</text></g></svg>')


def picture(kind: str = "PNG", size: tuple[int, int] = (30, 12)) -> bytes:
    held = BytesIO()
    Image.new("RGB", size, "#aa3322").save(held, kind)
    return held.getvalue()


def report(word: str = "Webinar", drawing: str = BARS, rows: pd.DataFrame | None = None) -> Document:
    """Give a report that says one word in every place where people's words may stand."""
    rows = pd.DataFrame({word: [word, None], "Leads": [1_200, 7]}) if rows is None else rows
    return Document(word, word, Brand("Acme", "#e0b400", picture()), MADE_AT, word, (
        Section(word, (word,), (Figure(word, word, word, word, word, good=True),),
                (Drawing(word, drawing, word, word), Drawing("again", drawing)), (Table(word, rows),)),), (word,))
