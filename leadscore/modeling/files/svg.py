"""Draws small charts as SVG text, for a page that must work without scripts and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 340, 230
LEFT, RIGHT, TOP, BOTTOM = 52, 22, 12, 40
BLUE, GREY, FAINT, INK = "#0072B2", "#8C8C8C", "#DDE7EE", "#333333"
STEPS = 4
BAR_HEIGHT, BAR_LEFT, BAR_WIDTH = 20, 190, 640

Points = Sequence[tuple[float, float]]


def line_chart(points: Points, *, x: str, y: str, title: str, diagonal: bool = True, band: Points = (),
               most: float = 1.0) -> str:
    """Draw shares against shares as a line with its points.

    Parameters
    ----------
    points : sequence of (x, y), each in [0, 1] (x in [0, ``most``])
    x, y, title : str
        What the axes and, for those who do not see it, the picture show.
    diagonal : bool
        Draw what chance or a perfect calibration would give.
    band : sequence of (low, high)
        The interval at each point.
    """
    parts = [_frame(x, y, most)]
    if diagonal:
        parts.append(f'<line x1="{_x(0, most)}" y1="{_y(0)}" x2="{_x(most, most)}" y2="{_y(1)}" stroke="{GREY}" '
                     'stroke-dasharray="4 4"/>')
    if band:
        around = [(_x(place, most), _y(low)) for (place, _), (low, _) in zip(points, band, strict=True)]
        around += [(_x(place, most), _y(high)) for (place, _), (_, high) in
                   zip(reversed(points), reversed(band), strict=True)]
        parts.append(f'<polygon points="{_path(around)}" fill="{FAINT}"/>')
    drawn = [(_x(place, most), _y(value)) for place, value in points]
    parts.append(f'<polyline points="{_path(drawn)}" fill="none" stroke="{BLUE}" stroke-width="2"/>')
    parts += [f'<circle cx="{cx}" cy="{cy}" r="2.5" fill="{BLUE}"/>' for cx, cy in drawn]
    return _svg(WIDTH, HEIGHT, title, parts)


def bar_chart(bars: Sequence[tuple[str, float]], *, title: str) -> str:
    """Draw labelled bars, the longest as wide as the picture; values are at least 0."""
    longest = max((value for _, value in bars), default=0.0) or 1.0
    parts = []
    for place, (label, value) in enumerate(bars):
        top = place * BAR_HEIGHT
        width = round((BAR_WIDTH - BAR_LEFT - 60) * max(value, 0.0) / longest, 1)
        shown = label if len(label) <= 28 else f"{label[:27]}…"
        parts.append(f'<text x="{BAR_LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(shown)}</text>'
                     f'<rect x="{BAR_LEFT}" y="{top + 3}" width="{width}" height="{BAR_HEIGHT - 6}" fill="{BLUE}"/>'
                     f'<text x="{BAR_LEFT + width + 6}" y="{top + 14}">{value:.2f}</text>')
    return _svg(BAR_WIDTH, max(len(bars), 1) * BAR_HEIGHT, title, parts)


def _frame(x: str, y: str, most: float) -> str:
    """Draw the grid, its numbers and the names of the axes."""
    parts = []
    for step in range(STEPS + 1):
        share = step / STEPS
        low, left = _y(share), _x(share * most, most)
        shown = f"{share:.0%}" if most == 1 else f"{share * most:,.0f}"
        parts.append(f'<line x1="{LEFT}" y1="{low}" x2="{WIDTH - RIGHT}" y2="{low}" stroke="#E6E6E6"/>'
                     f'<text x="{LEFT - 6}" y="{low + 4}" text-anchor="end">{share:.0%}</text>'
                     f'<text x="{left}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{shown}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x)}</text>'
                 f'<text x="11" y="{middle}" text-anchor="middle" transform="rotate(-90 11 {middle})">{escape(y)}'
                 "</text>")
    return "".join(parts)


def _x(value: float, most: float) -> float:
    share = min(max(value / most, 0.0), 1.0) if most else 0.0
    return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)


def _y(value: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(max(value, 0.0), 1.0), 1)


def _path(points: Points) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _svg(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    return (f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
            f'font-size="11" fill="{INK}" font-family="sans-serif"><title>{escape(title)}</title>{"".join(parts)}'
            "</svg>")
