"""Two choices of leads side by side: their figures with the differences, and one picture of both on the same axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from leadscore.charts.beside import same_scale
from leadscore.charts.picture import Picture
from leadscore.charts.tile import Tile, changed
from leadscore.services.insight import contrast, most_certain
from pages.widgets import words

IN_URL = "query-params"
CERTAIN, CHANCE = "yes", "may be chance"


@dataclass(frozen=True)
class Side:
    """One of two choices of leads: what narrows it, in words, and what is known of it."""

    name: str
    tiles: Sequence[Tile]
    pictures: Sequence[Picture]


def draw(first: Side, second: Side) -> None:
    """Draw the table of both, what is certain of it, then a picture of both."""
    st.caption(f"**A** {words.escape(first.name)}  \n**B** {words.escape(second.name)}")
    pairs = _pairs(first.tiles, second.tiles)
    differences = contrast(_figures([one for one, _ in pairs]), _figures([two for _, two in pairs])).set_index("key")
    st.markdown(_in_a_sentence(pairs, differences))
    _table(pairs, differences)
    st.caption("Beyond chance by the 95 % intervals of both (Newcombe); figures without an interval, such as counts "
               "and amounts, are not judged. Of choices that share leads this says too little rather than too much. "
               "Leads that came in later have had less time to convert.")
    _pictures(first, second)


def name_of(filters: Sequence[str]) -> str:
    """Give the name of a choice of leads by the filters in use."""
    return " · ".join(filters) or "All leads"


def _pairs(first: Sequence[Tile], second: Sequence[Tile]) -> list[tuple[Tile, Tile]]:
    """Put equal figures together; what neither knows is left out, and so are amounts of different currencies."""
    others = {tile.key: tile for tile in second}
    pairs = [(tile, others[tile.key]) for tile in first if tile.key in others]
    return [(one, two) for one, two in pairs if _is_known(one) != _is_known(two)
            or (_is_known(one) and one.currency == two.currency)]


def _is_known(tile: Tile) -> bool:
    return not words.is_missing(tile.value)


def _figures(tiles: Sequence[Tile]) -> pd.DataFrame:
    return pd.DataFrame({"key": [tile.key for tile in tiles]} | {
        name: pd.array([getattr(tile, name) for tile in tiles], dtype="Float64").astype(float)
        for name in ("value", "low", "high")})


def _in_a_sentence(pairs: Sequence[tuple[Tile, Tile]], differences: pd.DataFrame) -> str:
    key = most_certain(differences.reset_index())
    if key is None:
        return "Of the figures that have an interval, none differs beyond chance between A and B."
    one, two = next(pair for pair in pairs if pair[0].key == key)
    return (f"**{words.escape(one.label)}: {words.escape(two.text)} in B against {words.escape(one.text)} in A**, "
            "which is more than chance.")


def _table(pairs: Sequence[tuple[Tile, Tile]], differences: pd.DataFrame) -> None:
    rows = [{"Figure": one.label, "A": one.text, "B": two.text,
             "Difference": changed(two.value, one.value, one.unit) or words.MISSING,
             "Likely": _likely(one, differences.loc[one.key]), "Beyond chance?": _judged(differences.loc[one.key])}
            for one, two in pairs]
    columns = ["Figure", "A", "B", "Difference", "Likely", "Beyond chance?"]
    st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True, height="content",
                 alt="The key figures of both choices of leads, and their differences",
                 column_config={"Figure": st.column_config.TextColumn(pinned=True),
                                "Likely": st.column_config.TextColumn("Likely between", width="medium")})


def _judged(difference: pd.Series) -> str:
    return "" if difference["certain"] is pd.NA else CERTAIN if difference["certain"] else CHANCE


def _likely(tile: Tile, difference: pd.Series) -> str:
    """Say between which values the difference likely lies."""
    low, high = (changed(difference[name], 0.0, tile.unit) for name in ("low", "high"))
    return f"{low} to {high}".replace(" points to", " to") if low and high else ""


def _pictures(first: Side, second: Side) -> None:
    others = {picture.key: picture for picture in second.pictures}
    titles = {picture.key: picture.title for picture in first.pictures if picture.key in others}
    if not titles:
        return
    key = st.selectbox("Picture", list(titles), format_func=titles.__getitem__, key="compare_picture", bind=IN_URL,
                       width=360)
    pair = next(picture for picture in first.pictures if picture.key == key), others[key]
    specs = same_scale(pair[0].spec, pair[1].spec) if pair[0].spec and pair[1].spec else (pair[0].spec, pair[1].spec)
    for column, letter, picture, spec in zip(st.columns(2, gap="medium"), "AB", pair, specs, strict=True):
        with column, st.container(border=True, height="stretch"):
            st.markdown(f"**{letter}** {words.escape(picture.title)}")
            if spec is None:
                st.caption(words.escape(picture.empty) or "There is nothing to draw yet.")
            else:
                st.vega_lite_chart(spec, key=f"compare-{letter}-{key}", alt=picture.alt)
                st.caption(words.escape(picture.caption))
