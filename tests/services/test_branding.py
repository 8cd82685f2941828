"""The brand of reports: chosen by those who may, checked before it is kept, told in the trail."""

import pytest

from leadscore.access import Role
from leadscore.errors import InvalidRequest
from leadscore.reports.document import ACCENT
from leadscore.services import branding, governance
from leadscore.store import clients
from leadscore.store.database import read, write
from tests.reports.samples import picture
from tests.services.conftest import CLIENT, person

BOSS = person(Role.MANAGER, CLIENT)


def _kept(bench):
    with read(bench.engine) as session:
        return clients.find(session, CLIENT).settings


def _told(bench, admin):
    frame = governance.audit_events(bench, admin, limit=50).frame
    return frame[frame["action"] == "brand_saved"]


def test_a_client_that_chose_nothing_goes_by_its_name(workbench, viewer):
    brand = branding.current_brand(workbench, viewer, client=CLIENT)
    assert (brand.name, brand.colour, brand.logo) == (CLIENT, ACCENT, None)


def test_what_is_chosen_is_kept_beside_the_other_settings(workbench, admin):
    with write(workbench.engine) as session:
        clients.save_settings(session, clients.ensure(session, CLIENT, workbench.clock()), {"other": 1})
    branding.save_brand(workbench, BOSS, client=CLIENT, name=" Acme Europe ", colour="#AA3322", logo=picture())
    brand = branding.current_brand(workbench, BOSS, client=CLIENT)
    assert (brand.name, brand.colour, brand.logo) == ("Acme Europe", "#aa3322", picture())
    assert _kept(workbench)["other"] == 1
    assert len(_told(workbench, admin)) == 1
    assert "base64" not in _told(workbench, admin)["detail"].iloc[0]


def test_a_change_without_a_logo_keeps_the_one_there_is_until_it_is_removed(workbench, admin):
    branding.save_brand(workbench, BOSS, client=CLIENT, name="", colour=ACCENT, logo=picture("JPEG"))
    assert branding.save_brand(workbench, BOSS, client=CLIENT, name="New", colour=ACCENT).logo == picture("JPEG")
    assert branding.remove_logo(workbench, BOSS, client=CLIENT).logo is None
    assert branding.current_brand(workbench, BOSS, client=CLIENT).name == "New"
    assert len(_told(workbench, admin)) == 3


def test_an_empty_name_is_the_name_of_the_client(workbench):
    branding.save_brand(workbench, BOSS, client=CLIENT, name="Other", colour=ACCENT)
    assert branding.save_brand(workbench, BOSS, client=CLIENT, name="  ", colour=ACCENT).name == CLIENT


def test_nothing_changed_is_not_told(workbench, admin):
    branding.save_brand(workbench, BOSS, client=CLIENT, name="", colour=ACCENT)
    branding.remove_logo(workbench, BOSS, client=CLIENT)
    assert _told(workbench, admin).empty


@pytest.mark.parametrize("wrong", [{"colour": "red"}, {"colour": "#12345;"}, {"name": "a\nb"}, {"name": "x" * 81},
                                   {"logo": b"<svg/>"}, {"logo": b""}, {"logo": picture() + b"\x00" * 200_000}])
def test_what_cannot_be_used_is_refused_and_changes_nothing(workbench, wrong):
    branding.save_brand(workbench, BOSS, client=CLIENT, name="Acme", colour="#aa3322", logo=picture())
    before = _kept(workbench)
    for function in (branding.save_brand, branding.preview_brand):
        with pytest.raises(InvalidRequest):
            function(workbench, BOSS, client=CLIENT, **{"name": "Acme", "colour": "#aa3322", **wrong})
    assert _kept(workbench) == before


def test_a_preview_shows_the_wish_and_keeps_nothing(workbench, viewer):
    page = branding.preview_brand(workbench, viewer, client=CLIENT, name="<b>Acme</b>", colour="#aa3322",
                                  logo=picture())
    assert "&lt;b&gt;Acme&lt;/b&gt;" in page
    assert "data:image/png;base64," in page
    assert branding.current_brand(workbench, viewer, client=CLIENT).name == CLIENT
