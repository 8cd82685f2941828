"""Drawings: shapes and words pass, whatever acts or asks elsewhere does not."""

from xml.etree.ElementTree import fromstring

import pytest
import vl_convert

from leadscore.errors import InvalidRequest
from leadscore.reports.drawings import LOOKS, safe_svg

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {}>{}</svg>'


@pytest.mark.parametrize("inner", [
    "<script>alert(1)</script>", '<script href="//evil.example/x.js"/>',
    "<style>* { fill: url(//evil.example) }</style>",
    '<rect onclick="alert(1)"/>', '<rect OnLoad="alert(1)"/>', '<image href="//evil.example/x.png"/>',
    '<use href="//evil.example/x.svg#a"/>', '<a xlink:href="javascript:alert(1)"><text>shown</text></a>',
    '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><i onclick="alert(1)"/></body></foreignObject>',
    '<rect fill="url(//evil.example/p.svg#x)"/>', '<rect fill="URL ( \'//evil.example\' )"/>',
    r'<rect fill="u\72l(//evil.example)"/>', '<rect style="fill: url(//evil.example)"/>',
    '<animate attributeName="href" values="javascript:alert(1)"/>', '<set attributeName="onload" to="alert(1)"/>',
    '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>', "<title><![CDATA[</title><script>]]></title>",
    "<desc>x</desc>", '<handler type="text/javascript">alert(1)</handler>', '<rect href="#a"/>',
    "<?xml-stylesheet href='//evil.example'?>", "<!-- evil.example -->",
])
def test_nothing_that_acts_or_asks_elsewhere_is_left(inner):
    written = safe_svg(SVG.format('onload="alert(1)"', inner), prefix="p-").lower()
    for trace in ("script", "alert", "evil", "href", "onload", "onclick", "style", "foreign", "<a", "<!--"):
        assert trace not in written


def test_characters_no_page_may_hold_are_left_out():
    assert "<text>ab</text>" in safe_svg(SVG.format("", "<text>a\x0b\x00\uffffb</text>"), prefix="p-")


def test_the_words_of_a_link_stay():
    written = safe_svg(SVG.format("", '<a href="//x"><text>Web<tspan>in</tspan>ar</text></a>'), prefix="p-")
    assert "<g><text>Web<tspan>in</tspan>ar</text></g>" in written


@pytest.mark.parametrize("drawing", ["", "no svg", "<html/>", "<svg", '<svg xmlns="http://elsewhere"/>',
                                     '<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg>&a;</svg>'])
def test_what_is_no_drawing_is_refused(drawing):
    with pytest.raises(InvalidRequest) as refused:
        safe_svg(drawing, prefix="p-")
    assert refused.value.code == "unreadable_drawing"


@pytest.fixture(scope="module")
def rendered():
    labels = ["<script>alert(1)</script>", "javascript:alert(1)", "a & b", '" onload="x']
    return vl_convert.vegalite_to_svg({
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "width": 200, "height": 80,
        "data": {"values": [{"label": label, "leads": 3} for label in labels]},
        "mark": {"type": "bar", "clip": True},
        "encoding": {"x": {"field": "label", "type": "nominal"}, "y": {"field": "leads", "type": "quantitative"},
                     "color": {"field": "leads", "type": "quantitative"}}})


def test_what_our_renderer_draws_keeps_its_shapes_and_its_words(rendered):
    written = safe_svg(rendered, prefix="p-")
    assert rendered.count("<path") == written.count("<path")
    assert rendered.count("<text") == written.count("<text")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in written
    assert "javascript:alert(1)" in written
    assert {name for shape in fromstring(written).iter() for name in shape.attrib} <= LOOKS
