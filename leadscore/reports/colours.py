"""Colours of brands made readable: contrast with paper, and the shade a text needs."""

from __future__ import annotations

ENOUGH = 4.5
"""Contrast of small text, after the Web Content Accessibility Guidelines 2.2 (1.4.3, level AA)."""
DARKER = 0.92


def contrast_with_white(colour: str) -> float:
    """Give the contrast of a colour, as ``#1d5fa3``, with white: 1 for white itself, 21 for black.

    References
    ----------
    Web Content Accessibility Guidelines 2.2, relative luminance and contrast ratio.
    """
    red, green, blue = (_linear(channel) for channel in _channels(colour))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def for_text(colour: str) -> str:
    """Give the colour itself where text in it can be read on white, else the lightest of its shades that can."""
    channels = [float(channel) for channel in _channels(colour)]
    while contrast_with_white(colour) < ENOUGH:
        channels = [channel * DARKER for channel in channels]
        colour = "#" + "".join(f"{int(channel):02x}" for channel in channels)
    return colour


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
