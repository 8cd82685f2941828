"""Logos: which pictures may stand at the head of a report, and how they get into a file without an address."""

from __future__ import annotations

import warnings
from base64 import b64encode
from io import BytesIO

from PIL import Image

from leadscore.errors import InvalidRequest

MOST_BYTES = 200_000
MOST_PIXELS = 4_000
"""Of either side; a logo is shown far smaller."""
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg"}


def check_logo(content: bytes) -> str:
    """Make sure that a file is a picture fit to be a logo, whatever it calls itself.

    Returns
    -------
    str
        Its media type.

    Raises
    ------
    InvalidRequest
        It is too large, neither PNG nor JPEG, or damaged.
    """
    if len(content) > MOST_BYTES:
        raise InvalidRequest("logo_too_large", f"The logo has {len(content) / 1000:,.0f} kB; {MOST_BYTES // 1000} kB "
                             "is the most.", "Save it smaller: some 600 pixels wide are enough.")
    try:
        with warnings.catch_warnings():
            # what Pillow only warns of is no logo
            warnings.simplefilter("error")
            with Image.open(BytesIO(content), formats=tuple(FORMATS)) as image:
                wide, high = image.size
                if max(wide, high) > MOST_PIXELS:
                    raise InvalidRequest("logo_too_large", f"The logo has {wide:,} × {high:,} pixels; {MOST_PIXELS:,} "
                                         "on a side is the most.", "Save it smaller: some 600 pixels wide are enough.")
                image.load()
                return FORMATS[str(image.format)]
    except (OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError) as problem:
        raise InvalidRequest("wrong_logo", "This file is not a PNG or JPEG picture, or it is damaged.",
                             "Save the logo as PNG and try again.") from problem


def data_address(content: bytes) -> str:
    """Give a checked logo as an address that holds the picture itself."""
    return f"data:{check_logo(content)};base64,{b64encode(content).decode()}"
