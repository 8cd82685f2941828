"""The Reports tab: a name, a colour and a logo, seen before they are saved."""

import base64

import pytest

from leadscore.access import Role
from leadscore.services import branding
from leadscore.workbench import DEFAULT_CLIENT
from tests.pages.conftest import assert_calm, person, texts
from tests.reports.samples import picture


def opened(empty, open_page, role=Role.ADMIN):
    app = open_page(empty, "settings", role, tab="Reports")
    assert_calm(app)
    return app


def current(bench):
    return branding.current_brand(bench, person(Role.ADMIN), client=DEFAULT_CLIENT)


def head(app):
    (frame,) = app.get("iframe")
    return base64.b64decode(frame.proto.src.partition("base64,")[2]).decode()


def test_a_name_is_previewed_then_saved(empty, open_page):
    app = opened(empty, open_page)
    assert app.button(key="brand_save").disabled
    app.text_input(key="brand_name").set_value("Acme <Europe>").run()
    assert "Acme &lt;Europe&gt;" in head(app)
    assert current(empty).name == DEFAULT_CLIENT
    app.button(key="brand_save").click().run()
    assert_calm(app)
    assert "Saved." in texts(app)
    assert current(empty).name == "Acme <Europe>"


def test_a_logo_is_shown_saved_and_removed(empty, open_page):
    app = opened(empty, open_page)
    app.file_uploader[0].upload("logo.png", picture(), "image/png").run()
    assert "data:image/png" in head(app)
    app.button(key="brand_save").click().run()
    assert_calm(app)
    assert current(empty).logo == picture()
    app.button(key="brand_logo_remove").click().run()
    assert current(empty).logo is None
    assert "data:image/png" not in head(app)


def test_a_file_that_is_no_picture_is_refused_in_a_sentence(empty, open_page):
    app = opened(empty, open_page)
    app.file_uploader[0].upload("logo.png", b"not a picture", "image/png").run()
    assert_calm(app)
    assert "not a PNG or JPEG picture" in texts(app)
    assert not app.get("iframe")
    app.button(key="brand_save").click().run()
    assert_calm(app)
    assert current(empty).logo is None


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_who_may_not_change_it_sees_it(empty, open_page, role):
    app = opened(empty, open_page, role)
    assert app.text_input(key="brand_name").disabled
    assert "brand_save" not in [button.key for button in app.button]
    assert DEFAULT_CLIENT in head(app)
