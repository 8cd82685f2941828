"""What is known of people's consent in, a picture of it by source out."""

from __future__ import annotations

import pandas as pd

from leadscore.charts.board.parts import counts, nothing, share_text, told_apart, words_in
from leadscore.charts.numbers import counted
from leadscore.charts.palette import BLUE, GREY, VERMILION
from leadscore.charts.picture import Picture
from leadscore.charts.vega import category, colours, layered, mark, quantity, rows

KEY, TITLE = "consent-by-source", "Consent to be contacted, by source"
ANSWERS = {"given": "Given", "unknown": "Not known", "refused": "Refused"}
MOST_BARS, BAR = 12, 30
ROOM = 90
"""Pixels for axis and legend."""


def consent_by_source(frame: pd.DataFrame) -> Picture:
    """Draw how many leads of each source have given consent, have refused it, or were never asked.

    Parameters
    ----------
    frame : DataFrame
        Columns ``source``, ``given``, ``refused``, ``unknown``; most leads first.
    """
    table = pd.DataFrame({"Source": words_in(frame, "source")}
                         | {label: counts(frame, name).astype(int) for name, label in ANSWERS.items()})
    total = float(sum(counts(frame, name).sum() for name in ANSWERS))
    if not total:
        return nothing(KEY, TITLE, "Upload leads with a column about consent, such as “Marketing consent”.", table)
    shown = table.head(MOST_BARS).assign(Source=told_apart(table["Source"].head(MOST_BARS)))
    long = shown.melt("Source", var_name="answer", value_name="leads")
    data = rows(source=long["Source"], answer=long["answer"], leads=long["leads"],
                told=[counted(number, "lead") for number in long["leads"].tolist()],
                order=[list(ANSWERS.values()).index(answer) for answer in long["answer"]])
    bars = mark("bar", {
        "y": category("source", list(shown["Source"]), labelLimit=160),
        "x": quantity("leads", "Leads") | {"stack": "zero"},
        "color": colours(list(ANSWERS.values()), [BLUE, GREY, VERMILION], "answer"),
        "order": {"field": "order", "type": "quantitative"}},
        tooltip=[("source", "Source"), ("answer", "Consent"), ("told", "Leads")])
    given = float(counts(frame, "given").sum()) / total
    asked = 1 - float(counts(frame, "unknown").sum()) / total
    return Picture(KEY, TITLE, table, layered(data, bars, height=ROOM + BAR * len(shown)),
                   alt=f"{share_text(given)} of all leads have given consent",
                   caption=f"{share_text(given)} of all leads have given consent; of {share_text(1 - asked)} nothing "
                           "is known.")
