"""The risks of a client in, the matrix of how likely and how bad they are out."""

from __future__ import annotations

import pandas as pd

from leadscore.charts.palette import GREEN, ORANGE, VERMILION
from leadscore.charts.picture import Picture
from leadscore.charts.vega import TINT, category, label, layered, mark, rows

LEVELS = 5
LIKELIHOODS = ("rare", "unlikely", "possible", "likely", "almost certain")
IMPACTS = ("slight", "small", "noticeable", "severe", "very severe")
HEIGHT = 320
GRAVE, WATCH = 12, 6
"""Likelihood times impact from which a risk is grave, and from which it is to be watched."""
KEY, TITLE = "risk-matrix", "How likely and how bad"


def grade(likelihood: int, impact: int) -> str:
    """Say how grave a risk is: grave, to be watched, or low."""
    product = likelihood * impact
    return "grave" if product >= GRAVE else "to be watched" if product >= WATCH else "low"


def risk_matrix(risks: pd.DataFrame) -> Picture:
    """Draw open risks on five steps of likelihood and five of impact; a cell names the numbers of its risks.

    Parameters
    ----------
    risks : DataFrame
        Columns ``number``, ``title``, ``likelihood`` and ``impact`` (1 to 5).
    """
    grades = [grade(likelihood, impact) for likelihood, impact
              in zip(risks["likelihood"], risks["impact"], strict=True)]
    table = pd.DataFrame({"No.": risks["number"], "Risk": risks["title"], "Likelihood": risks["likelihood"],
                          "Impact": risks["impact"], "Grade": grades})
    if risks.empty:
        return Picture(KEY, TITLE, table, None, empty="No risk is open. Enter one, or adopt one of the proposals.")
    grave = grades.count("grave")
    return Picture(KEY, TITLE, table, _spec(risks),
                   alt=f"A grid of five by five with {len(risks)} open risks; {grave} of them grave.",
                   caption="Each number is an open risk of the table. From "
                           f"{GRAVE} on (likelihood times impact) a risk is grave, from {WATCH} on to be watched.")


def _spec(risks: pd.DataFrame) -> dict[str, object]:
    cells = [(likelihood, impact) for likelihood in range(1, LEVELS + 1) for impact in range(1, LEVELS + 1)]
    there = {cell: risks[(risks["likelihood"] == cell[0]) & (risks["impact"] == cell[1])] for cell in cells}
    data = rows(likely=[LIKELIHOODS[likelihood - 1] for likelihood, _ in cells],
                bad=[IMPACTS[impact - 1] for _, impact in cells],
                grade=[grade(*cell) for cell in cells],
                numbers=[", ".join(map(str, there[cell]["number"])) for cell in cells],
                titles=["; ".join(there[cell]["title"]) or "none" for cell in cells])
    where = {"x": category("bad", IMPACTS, "How bad", labelAngle=0),
             "y": category("likely", LIKELIHOODS[::-1], None)}
    paint = {"field": "grade", "type": "nominal", "legend": None,
             "scale": {"domain": ["low", "to be watched", "grave"], "range": [GREEN, ORANGE, VERMILION]}}
    return layered(
        data,
        mark("rect", {**where, "color": paint}, cornerRadius=4, opacity=TINT / 2, width={"band": 0.96},
             height={"band": 0.94}, tooltip=[("titles", "Risks"), ("grade", "Grade")]),
        label(where, "numbers", fontSize=15, fontWeight=600), height=HEIGHT)
