"""Countries in, a map of where leads come from out; the shapes are part of the package, so no network is asked."""

from __future__ import annotations

import json
import math
import pkgutil
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from leadscore.charts.board.parts import (
    count_texts,
    counts,
    hundredths,
    nothing,
    numbers,
    share_text,
    share_texts,
    words_in,
)
from leadscore.charts.numbers import counted, decimal
from leadscore.charts.palette import BLUE, GREY
from leadscore.charts.picture import Picture
from leadscore.charts.vega import INK, Spec, label, layered, mark, only_if, place, rows

SHAPES = "world.json"
"""Natural Earth 1:110m (public domain), as TopoJSON by way of world-atlas 2.0.2 (ISC, see world.license.txt): without
Antarctica, in tenths of a degree. A country has its ISO 3166-1 number as ``id`` and in ``at`` its middle (longitude,
latitude) and the box around its largest part (west, south, east, north); ``dots`` are the middles of countries too
small to have a shape."""
HEIGHT = 330
Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""
WHOLE_WORLD: Box = (-170.0, -56.0, 180.0, 80.0)
ACROSS, UP = 0.87, 1.05
"""How much wider and higher than a globe's degrees the natural-earth projection is, about."""
PAD = 4.0
"""Degrees of surroundings on each side of a part of the world."""
BESIDE = 0.8
"""Of the width of a part: how far the shapes go on beside it, since a card may be wider than the part is."""
LEAST_SPAN, WIDEST_PART = 24.0, 110.0
"""Degrees a part of the world spans: at least, and at most before it is better to show the whole."""
NORTHMOST = 72.0
WORTH_SHOWING = 0.005
"""Share of the leads a country needs so that the map stretches to it."""
TIPS = (("name", "Country"), ("leads", "Leads"), ("rate", "Converted"), ("score", "Average score"))
MOST_LABELS = 12
PALEST, STRONGEST = 0.2, 0.72
LETTER, LINE = 6.6, 18.0
"""Pixels of a letter and of a line, and the size of the map at which labels are kept apart."""
USUAL_WIDTH = 600.0


def world(countries: pd.DataFrame) -> Picture:
    """Draw where leads come from: the whole world, or the part of it that holds them.

    Parameters
    ----------
    countries : DataFrame
        Columns ``country`` (as people wrote it), ``code`` (its ISO 3166-1 number, missing where it is not known),
        ``leads``, ``converted``, ``rate`` (a fraction) and ``average_score``.
    """
    key, title = "world", "Where the leads come from"
    leads, rate = counts(countries, "leads"), numbers(countries, "rate")
    table = pd.DataFrame({
        "Country": words_in(countries, "country"), "Leads": leads.astype(int),
        "Converted": counts(countries, "converted").astype(int), "Conversion rate (%)": hundredths(rate),
        "Average score": np.round(numbers(countries, "average_score"), 1)})
    placed = _by_code(countries, leads)
    if placed.empty:
        why = "None of the countries could be placed on the map: write them as names or as codes such as DE." \
            if leads.sum() else "No lead says its country: map that column when you upload, and the map appears."
        return nothing(key, title, why, table)
    box = _part_of_the_world(placed)
    spec = layered([], _land(placed, box), _dots(placed, box), _names(placed, box), height=HEIGHT,
                   projection=_projection(box))
    first = placed.iloc[0]
    lost = int(leads.sum() - placed["leads"].sum())
    said = f"{first['country']} brings the most: {counted(int(first['leads']), 'lead')}, " \
           f"{share_text(first['rate'])} converted."
    caption = "The stronger the blue, the more leads." + (
        f" {counted(lost, 'lead')} with a country that could not be placed." if lost else "")
    return Picture(key=key, title=title, data=table, spec=spec, alt=f"A map. {said}", caption=f"{said} {caption}")


def _by_code(countries: pd.DataFrame, leads: np.ndarray) -> pd.DataFrame:
    """Put the spellings of a country together, most leads first; only those that are on the map."""
    known = pd.DataFrame({"code": numbers(countries, "code"), "leads": leads,
                          "country": words_in(countries, "country"), "converted": counts(countries, "converted"),
                          "points": np.nan_to_num(numbers(countries, "average_score")) * leads})
    known = known[known["code"].isin(list(_places())) & (known["leads"] > 0)]
    known = known.sort_values("leads", ascending=False, kind="stable")
    together = known.groupby("code", sort=False).agg(
        country=("country", "first"), leads=("leads", "sum"), converted=("converted", "sum"),
        points=("points", "sum")).reset_index()
    together = together.assign(rate=together["converted"] / together["leads"],
                               average_score=together["points"] / together["leads"])
    return together.sort_values("leads", ascending=False, kind="stable", ignore_index=True)


def _land(placed: pd.DataFrame, box: Box) -> Spec:
    """Draw the countries of the box, those with leads the stronger the more there are."""
    told = dict(zip(placed["code"].astype(int), _told(placed), strict=True))
    values = {"values": _topology(box, told), "format": {"type": "topojson", "feature": "countries"}}
    border: Spec = {"stroke": INK, "strokeOpacity": 0.25, "strokeWidth": 0.5, "clip": True}
    strong = {"field": "properties.v", "type": "quantitative", "scale": None}
    return {"data": values, "layer": [
        mark("geoshape", {}, color=GREY, fillOpacity=0.16, aria=False, **border),
        {"transform": [{"filter": "isValid(datum.properties.v)"}], **mark(
            "geoshape", {"fillOpacity": strong}, color=BLUE, **border,
            tooltip=[(f"properties.{field}", heading) for field, heading in TIPS])}]}


def _dots(placed: pd.DataFrame, box: Box) -> Spec:
    """Draw countries with leads that are too small for a shape."""
    small = [number for number, code in enumerate(placed["code"]) if str(int(code)) in _shapes()["dots"]]
    told = _told(placed)
    data = [told[number] | dict(zip(("longitude", "latitude"), _places()[int(placed["code"][number])], strict=False))
            for number in small if _within(_places()[int(placed["code"][number])], box)]
    return mark("circle", {"longitude": place("longitude"), "latitude": place("latitude"),
                           "fillOpacity": {"field": "v", "type": "quantitative", "scale": None}}, data=data,
                color=BLUE, size=80, stroke=INK, strokeOpacity=0.5, strokeWidth=0.8, tooltip=TIPS)


def _told(placed: pd.DataFrame) -> list[dict[str, Any]]:
    """Give what is told of each country and how strongly it is drawn."""
    strength = PALEST + (STRONGEST - PALEST) * np.sqrt(placed["leads"] / placed["leads"].max())
    return rows(v=strength.round(3), name=placed["country"], leads=count_texts(placed["leads"].to_numpy()),
                rate=share_texts(placed["rate"].to_numpy()),
                score=[decimal(value) for value in placed["average_score"]])


def _names(placed: pd.DataFrame, box: Box) -> Spec:
    """Name the countries with most leads, as many as keep clear of each other."""
    names = [f"{country} {leads:,.0f}" for country, leads in zip(placed["country"], placed["leads"], strict=True)]
    places = [_places()[int(code)] for code in placed["code"]]
    chosen = list(_clear(names, places, box))[:MOST_LABELS]
    data = rows(longitude=[places[number][0] for number in chosen], latitude=[places[number][1] for number in chosen],
                words=[names[number] for number in chosen], rank=list(range(len(chosen))))
    return label({"longitude": place("longitude"), "latitude": place("latitude"),
                  "opacity": only_if("datum.rank < 2 || width > 460")}, "words", data=data, fontWeight=600, clip=True)


def _clear(names: list[str], places: list[tuple[float, ...]], box: Box) -> Iterator[int]:
    """Choose, most leads first, the names that overlap none chosen before, on a map of the usual width."""
    span, low, high = _extent(box)
    scale = min(USUAL_WIDTH / span, HEIGHT / (high - low))
    taken: list[tuple[float, float, float]] = []
    for number, (name, at) in enumerate(zip(names, places, strict=True)):
        across, up = math.radians(at[0]), math.radians(at[1])
        half, x, y = LETTER * len(name) / 2, scale * across, scale * (up if box == WHOLE_WORLD else _mercator(up))
        if _within(at, box) and all(
                abs(x - left) > half + other or abs(y - above) > LINE for left, above, other in taken):
            taken.append((x, y, half))
            yield number


def _within(at: Sequence[float], box: Box) -> bool:
    return box[0] < at[0] < box[2] and box[1] < at[1] < box[3]


def _part_of_the_world(placed: pd.DataFrame) -> Box:
    """Give the box (west, south, east, north) around the countries that matter; the whole world where it is wide."""
    matter = placed[placed["leads"] >= WORTH_SHOWING * placed["leads"].sum()]
    boxes = np.array([_places()[int(code)][2:] for code in matter["code"]])
    west, south = boxes[:, :2].min(axis=0).tolist()
    east, north = boxes[:, 2:].max(axis=0).tolist()
    if east - west > WIDEST_PART or north - south > WIDEST_PART:
        return WHOLE_WORLD
    across, up = (max(PAD, (LEAST_SPAN - span) / 2) for span in (east - west, north - south))
    return west - across, south - up, east + across, min(north + up, NORTHMOST)


def _projection(box: Box) -> Spec:
    """Centre a projection on a box and let it fill the view, whatever its width."""
    whole = box == WHOLE_WORLD
    span, low, high = _extent(box)
    middle = (low + high) / 2 if whole else _latitude((low + high) / 2)
    return {"type": "naturalEarth1" if whole else "mercator",
            "center": [0.0 if whole else round((box[0] + box[2]) / 2, 3), round(math.degrees(middle), 3)],
            "scale": {"expr": f"min(width / {span:.4f}, height / {high - low:.4f})"},
            "translate": {"expr": "[width / 2, height / 2]"}, "precision": 0,
            "clipExtent": {"expr": "[[0, 0], [width, height]]"}}


def _extent(box: Box) -> tuple[float, float, float]:
    """Give width, lower and upper edge of a box on a map of scale 1: natural-earth the world, Mercator its parts."""
    west, south, east, north = (math.radians(degrees) for degrees in box)
    if box == WHOLE_WORLD:
        return ACROSS * (east - west), UP * south, UP * north
    return east - west, _mercator(south), _mercator(north)


def _mercator(latitude: float) -> float:
    return math.log(math.tan(math.pi / 4 + latitude / 2))


def _latitude(height: float) -> float:
    return 2 * math.atan(math.exp(height)) - math.pi / 2


def _topology(box: Box, told: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """Give the shapes of a box alone, each with what is told of it."""
    shapes = _shapes()
    near = [shape for shape in shapes["objects"]["countries"]["geometries"] if _touches(shape["at"], box)]
    numbers_: dict[int, int] = {}
    drawn = [{"type": shape["type"], "arcs": _renumbered(shape["arcs"], numbers_),
              "properties": told.get(shape.get("id", -1), {})} for shape in near]
    return {"type": "Topology", "transform": shapes["transform"], "arcs": [shapes["arcs"][arc] for arc in numbers_],
            "objects": {"countries": {"type": "GeometryCollection", "geometries": drawn}}}


def _renumbered(arcs: Any, numbers_: dict[int, int]) -> Any:
    """Give arcs new numbers in the order of their use; a negative one is read backwards."""
    if isinstance(arcs, list):
        return [_renumbered(arc, numbers_) for arc in arcs]
    if arcs < 0:
        return ~numbers_.setdefault(~arcs, len(numbers_))
    return numbers_.setdefault(arcs, len(numbers_))


def _touches(at: list[float], box: Box) -> bool:
    _, _, west, south, east, north = at
    beside = BESIDE * (box[2] - box[0])
    return east > box[0] - beside and west < box[2] + beside and north > box[1] - PAD and south < box[3] + PAD


@cache
def _shapes() -> dict[str, Any]:
    """Read the shapes, once; nobody may change them."""
    found: dict[str, Any] = json.loads(pkgutil.get_data(__package__, SHAPES) or b"")
    return found


@cache
def _places() -> dict[int, tuple[float, ...]]:
    """Give the middle of each country and the box around it, by its number."""
    found = {shape["id"]: tuple(shape["at"]) for shape in _shapes()["objects"]["countries"]["geometries"]
             if "id" in shape}
    return found | {int(code): (x, y, x - 1, y - 1, x + 1, y + 1) for code, (x, y) in _shapes()["dots"].items()}
