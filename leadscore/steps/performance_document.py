"""The Performance page as a report: its pictures under headings, the rows of some of them as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leadscore.charts.picture import Picture
from leadscore.monitoring.adoption import Adoption
from leadscore.reports.document import Brand, Document, Table
from leadscore.steps.performance import Report
from leadscore.steps.report_document import About, document_of
from leadscore.steps.value import ScoringValue

PAYS = "Does it pay?"
PARTS = {
    "Over time": ("trend-leads", "trend-rate", "trend-average-score", "trend-conversions", "trend-revenue"),
    "Scores and conversions": ("scores", "conversion-by-score", "funnel", "time-to-conversion", "cohorts"),
    "Do the scores keep their word?": ("gains", "lift", "reliability", "confusion"),
    PAYS: ("roi-by-score", "profit"),
    "Where leads come from, and who works them": ("source-quality", "source-volume", "country-quality",
                                                  "country-volume", "owners", "world"),
}
OTHER = "Further pictures"
WIDE = frozenset({"trend-leads", "cohorts", "value-reach", "world"})
TABLES = {"source-volume": "Sources", "country-volume": "Countries", "owners": "Owners"}
NOTES = ("“Likely” gives the range in which a figure lies in 95 of 100 such cases. “Before” is the period of the same "
         "length that ended the day before this one began.",)


def performance_document(report: Report, value: ScoringValue, about: About, brand: Brand) -> Document:
    """Make a report of what the Performance page shows of some leads; single users of the workbench are not named."""
    by_key = {picture.key: picture for picture in report.pictures}
    tables = [Table(title, by_key[key].data) for key, title in TABLES.items()
              if key in by_key and by_key[key].spec is not None]
    pictures = _parts(report.pictures)
    return document_of(
        about, brand, tiles=report.tiles, pictures={**pictures, PAYS: [*pictures[PAYS], *value.pictures]},
        sentences=[*(sentence.text for sentence in report.sentences), value.sentence],
        tables=[*tables, *_returns(report), _worked(report.now.adoption)], notes=NOTES, wide=WIDE)


def _parts(pictures: Sequence[Picture]) -> Mapping[str, Sequence[Picture]]:
    """Put pictures under their headings; one that no heading names comes last, so that none is lost."""
    heading = {key: title for title, keys in PARTS.items() for key in keys}
    return {title: [picture for picture in pictures if heading.get(picture.key, OTHER) == title]
            for title in (*PARTS, OTHER)}


def _returns(report: Report) -> list[Table]:
    headings = {"currency": "Currency", "spend": "Spent", "revenue": "Revenue",
                "cost_per_conversion": "Cost per conversion", "return_on_spend": "Return on spend"}
    frames = {"source": report.measured.source_returns, "campaign": report.measured.campaign_returns}
    return [Table(f"What each {name} cost and brought",
                  frame[[name, *headings]].rename(columns=headings | {name: name.capitalize()}),
                  shares=("Return on spend",)) for name, frame in frames.items() if len(frame)]


def _worked(adoption: Adoption) -> Table:
    headings = {"tier": "Tier", "leads": "Leads", "worked": "Worked", "rate": "Share"}
    return Table("Are the best leads worked first?", adoption.worked[list(headings)].rename(columns=headings),
                 shares=("Share",))
