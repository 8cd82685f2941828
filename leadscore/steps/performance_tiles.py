"""The key figures of a report as tiles: each with its change, its interval, its course, and what it means."""

from __future__ import annotations

from dataclasses import replace

from leadscore.charts.tile import Better, Tile, Unit
from leadscore.monitoring.performance import rate_of
from leadscore.steps.adoption import adoption_tiles
from leadscore.steps.measurements import Core, Measurements
from leadscore.steps.money import money_tiles

POINTS = 60
"""Points a small trend shows at most."""
LEAST_POINTS = 3
AS_OLD = " Compared with the leads of the period before when these were as old."


def tiles_of(report: Measurements) -> tuple[Tile, ...]:
    """Make the tiles of a report, the most telling first."""
    now, before = report.now, report.before
    return (*_quality(report, now, before), *_conversion(report, now, before),
            *_money(report, now, before), *_speed(now, before),
            *adoption_tiles(now.adoption, before.adoption if before else None))


def _quality(report: Measurements, now: Core, before: Core | None) -> tuple[Tile, ...]:
    figures, earlier = now.figures, before.figures if before else None
    good = rate_of(round((figures.qualified_share or 0.0) * figures.leads), figures.leads)
    return (
        Tile("leads", "Leads", figures.leads, Unit.COUNT, before=earlier.leads if earlier else None,
             trend=_course(report, "leads"), better=Better.NEITHER, note="Leads that came in."),
        Tile("average_score", "Average score", figures.average_score, Unit.SCORE,
             before=earlier.average_score if earlier else None, trend=_course(report, "average_score"),
             note="Mean of all scores as they are today, 0 to 100; those of older leads may have faded."),
        Tile("qualified_share", "High-quality leads", figures.qualified_share, Unit.SHARE, low=good.low, high=good.high,
             before=earlier.qualified_share if earlier else None,
             note=f"Share of leads with a score of {report.threshold:g} or more, the threshold from which a lead is "
                  "qualified."),
        Tile("lead_quality", "Lead quality", figures.expected, Unit.SCORE, before=earlier.expected if earlier else None,
             trend=_course(report, "expected"),
             note="Of 100 such leads, so many are expected to convert: the mean of the model's chances. "
                  + ("Needs a model." if figures.expected is None else "")),
    )


def _conversion(report: Measurements, now: Core, before: Core | None) -> tuple[Tile, ...]:
    figures, earlier = now.figures, before.figures if before else None
    rate, accuracy, found = figures.conversion_rate, now.accuracy, now.found
    won = "" if figures.win_rate is None else f" Of those decided either way, {100 * figures.win_rate:.1f} % converted."
    return (
        Tile("converted", "Converted", figures.converted, Unit.COUNT, before=earlier.converted if earlier else None,
             trend=_course(report, "converted"),
             note=f"Of {figures.converted + figures.lost:,} leads decided either way.{won}"),
        Tile("conversion_rate", "Conversion rate", rate.value, Unit.SHARE, low=rate.low, high=rate.high,
             before=earlier.conversion_rate.value if earlier else None, trend=_course(report, "rate"),
             note=f"Converted, of all leads.{AS_OLD if before else ''}"),
        Tile("accuracy", "Score accuracy", accuracy.value, Unit.SHARE, low=accuracy.low, high=accuracy.high,
             before=before.accuracy.value if before else None,
             note="How often a lead that converted had the higher score than one that did not, by scores that could "
                  "not know it. 50 % is chance, 100 % is perfect."),
        Tile("found", "Conversions in the best 20 %", found.value, Unit.SHARE, low=found.low, high=found.high,
             before=before.found.value if before else None,
             note="Share of the conversions that calling only the best 20 % would have found; in any order it is 20 "
                  "%."),
    )


def _money(report: Measurements, now: Core, before: Core | None) -> tuple[Tile, ...]:
    """Make the tiles of money, with the course of the revenue where all of it is in the main currency."""
    tiles = money_tiles(now.money, before.money if before else ())
    course = _course(report, "revenue") if now.money and now.money[0].revenue else ()
    return tuple(replace(tile, trend=course) if tile.key == "revenue" else tile for tile in tiles)


def _speed(now: Core, before: Core | None) -> tuple[Tile, ...]:
    figures, earlier = now.figures, before.figures if before else None
    worked = rate_of(round((figures.worked or 0.0) * figures.leads), figures.leads)
    return (
        Tile("response_time", "Time to first contact", now.speed.days_to_contact, Unit.DAYS,
             before=before.speed.days_to_contact if before else None, better=Better.DOWN,
             note="Median from the day a lead came in, of those whose first contact has a date."),
        Tile("velocity", "Time to conversion", now.speed.days_to_conversion, Unit.DAYS,
             before=before.speed.days_to_conversion if before else None, better=Better.DOWN,
             note="Median from the day a lead came in, of conversions that have a date."),
        Tile("worked", "Worked", figures.worked, Unit.SHARE, low=worked.low, high=worked.high,
             before=earlier.worked if earlier else None,
             note="Share of the leads that are no longer new: contacted, qualified, converted or lost."),
    )


def _course(report: Measurements, name: str) -> tuple[float, ...]:
    points = tuple(float(value) for value in report.trend(report.step)[name].dropna().tail(POINTS))
    return points if len(points) >= LEAST_POINTS else ()
