"""Brands: a name, a colour that can be read, and a logo that is really a picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest
from leadscore.reports.colours import ENOUGH, contrast_with_white, for_text
from leadscore.reports.document import Brand
from leadscore.reports.logos import MOST_BYTES, data_address
from tests.reports.samples import picture


@pytest.mark.parametrize(("logo", "code"), [
    (b"", "wrong_logo"), (b"<svg onload='alert(1)'/>", "wrong_logo"), (picture("GIF"), "wrong_logo"),
    (picture("BMP"), "wrong_logo"), (picture()[:40], "wrong_logo"), (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "wrong_logo"),
    (picture("JPEG")[:200], "wrong_logo"), (picture(size=(400, 400))[:-60], "wrong_logo"),
    (picture("JPEG", (400, 400))[:-900], "wrong_logo"), (picture(size=(5_000, 2)), "logo_too_large"),
    (picture() + b"\x00" * MOST_BYTES, "logo_too_large"),
])
def test_what_is_no_small_picture_is_no_logo(logo, code):
    with pytest.raises(InvalidRequest) as refused:
        Brand("Acme", logo=logo)
    assert refused.value.code == code
    assert refused.value.hint


@pytest.mark.parametrize(("kind", "start"), [("PNG", "data:image/png;base64,"), ("JPEG", "data:image/jpeg;base64,")])
def test_a_logo_travels_inside_the_file(kind, start):
    assert data_address(picture(kind)).startswith(start)


@pytest.mark.parametrize("colour", ["red", "#12345", "#1234567", "#12345g", "", "#123456;}", "#ABCDEF", "#12345\u0664"])
def test_a_colour_that_cannot_be_one_is_refused(colour):
    with pytest.raises(InvalidRequest) as refused:
        Brand("Acme", colour)
    assert refused.value.code == "wrong_colour"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 81])
def test_a_name_that_cannot_stand_on_a_report_is_refused(name):
    with pytest.raises(InvalidRequest) as refused:
        Brand(name)
    assert refused.value.code == "wrong_brand_name"


def test_contrast_is_that_of_the_guidelines():
    assert contrast_with_white("#ffffff") == pytest.approx(1)
    assert contrast_with_white("#000000") == pytest.approx(21)
    assert contrast_with_white("#767676") == pytest.approx(4.54, abs=0.01)


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_every_colour_has_a_shade_that_can_be_read(colour):
    text = for_text(colour)
    assert contrast_with_white(text) >= ENOUGH
    assert text == colour or contrast_with_white(colour) < ENOUGH
    Brand("Acme", text)
