"""A picture of a page: its title, the chart or what to do so that there is one, what it means, and its files."""

from __future__ import annotations

from functools import partial

import streamlit as st

from leadscore.charts.picture import Picture
from leadscore.services import downloads
from pages.shared import Context
from pages.widgets import words

FORMATS = {"csv": ("Table (CSV)", ":material/table:"), "png": ("Picture (PNG)", ":material/image:")}


def draw(context: Context, picture: Picture, *, download: bool = True, place: str = "") -> None:
    """Draw a picture in a card of its own; ``place`` tells two of the same picture apart, as side by side."""
    with st.container(border=True, height="stretch"):
        draw_inside(context, picture, download=download, place=place)


def draw_inside(context: Context, picture: Picture, *, download: bool = True, place: str = "") -> None:
    """Draw a picture in a card that is there, such as a tab."""
    st.markdown(f"**{words.escape(picture.title)}**")
    if picture.spec is not None:
        st.vega_lite_chart(picture.spec, alt=picture.alt or picture.title, key=f"picture-{place}{picture.key}")
    said = picture.caption if picture.spec is not None else picture.empty
    # below the chart, since above it Streamlit lays its own buttons over its right end
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", wrap=False):
        if said:
            st.caption(_unbroken(words.escape(said)), width="stretch")
        if download and len(picture.data):
            _files(context, picture, place)


def _files(context: Context, picture: Picture, place: str) -> None:
    """Offer the files; they are made when asked for, so that a page with twenty pictures stays quick."""
    with st.popover("", icon=":material/download:", type="tertiary", help="Download", width="content",
                    key=f"files-{place}{picture.key}"):
        for kind, (label, icon) in FORMATS.items():
            if kind == "csv" or picture.spec is not None:
                st.download_button(
                    label, partial(_content, context, picture, kind), on_click="ignore", icon=icon,
                    type="tertiary", mime=downloads.MIMES[kind], key=f"file-{place}{picture.key}-{kind}",
                    file_name=downloads.file_name(picture, context.client, f"{context.workbench.clock():%Y-%m-%d}",
                                                  kind))


def _content(context: Context, picture: Picture, kind: str) -> bytes:
    return downloads.picture_file(context.workbench, context.actor, client=context.client, picture=picture,
                                  format=kind).content


def _unbroken(text: str) -> str:
    """Keep a number and its per cent sign on one line."""
    return text.replace(" %", "\u00a0%")
