"""A report becomes a file: HTML for screens or PDF for paper, with a dated name and a fingerprint."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from leadscore.reports.document import Document
from leadscore.reports.html import html
from leadscore.reports.pdf import pdf

LONGEST_NAME = 60


class Format(StrEnum):
    """What a report is written as."""

    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True)
class ReportFile:
    """A report ready to be handed on."""

    filename: str
    content: bytes
    sha256: str


def report_name(kind: str, client: str, day: date, ending: str = Format.HTML) -> str:
    """Name the file of a report: ``performance_acme_2026-11-21.html``, with nothing in it a disk would not take."""
    safe = re.sub(r"[^\w-]+", "-", client)[:LONGEST_NAME].strip("-_") or "client"
    return f"{kind}_{safe}_{day:%Y-%m-%d}.{ending}"


def report_file(document: Document, *, kind: str, client: str, as_a: Format) -> ReportFile:
    """Write a report.

    Raises
    ------
    InvalidRequest
        A drawing in it is no SVG.
    """
    content = pdf(document) if as_a is Format.PDF else html(document).encode()
    name = report_name(kind, client, document.made_at.date(), as_a)
    return ReportFile(name, content, hashlib.sha256(content).hexdigest())
