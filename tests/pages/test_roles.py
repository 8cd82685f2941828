"""Every page as every role: it opens calmly, offers only what the role may do, and what it may not is written down."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from leadscore.access import Action, Actor, Role
from leadscore.services import accounts, sessions
from leadscore.store.database import read
from leadscore.store.tables import AuditEvent
from leadscore.workbench import DEFAULT_CLIENT, Workbench
from pages import shared
from tests.pages.conftest import FRAME, OpenPage, assert_calm, labels, texts

PAGES = ("upload", "leads", "lead", "performance", "settings", "audit")

# What stands on a page and the action somebody must be allowed for it to be there and to work.
OFFERED = {
    ("settings", "Users"): Action.MANAGE_USERS, ("settings", "Language"): Action.CONFIGURE,
    ("audit", "System"): Action.VIEW_AUDIT, ("audit", "Trail"): Action.VIEW_AUDIT,
}


def tabs(app: AppTest) -> list[str]:
    return [tab.label for tab in app.tabs]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ANALYST, Role.VIEWER])
@pytest.mark.parametrize("screen", PAGES)
def test_every_page_opens_calmly_for_every_role(campaign: Workbench, open_page: OpenPage, screen: str,
                                                role: Role) -> None:
    app = open_page(campaign, screen, role)
    assert_calm(app)
    for (where, tab), action in OFFERED.items():
        if where == screen:
            assert (tab in tabs(app)) == Actor("x", role).may(action), tab
    if screen == "audit" and not Actor("x", role).may(Action.VIEW_AUDIT):
        assert "does not see" in texts(app)
        assert not app.dataframe and "Download" not in labels(app, "download_button")


@pytest.mark.parametrize("screen", ["leads", "lead", "upload"])
def test_viewers_see_no_personal_data_on_any_page(campaign: Workbench, open_page: OpenPage, screen: str) -> None:
    with read(campaign.engine) as session:
        personal = session.execute(accounts.users.text("SELECT id, personal FROM leads ORDER BY id LIMIT 400")).all()
    words = [campaign.vault.decrypt(bytes(blob), f"leads:{lead}").decode() for lead, blob in personal]
    addresses = {word for text in words for word in text.replace('"', " ").split() if "@" in word}
    assert len(addresses) > 100
    app = open_page(campaign, screen, Role.VIEWER)
    shown = texts(app) + " ".join(str(frame.value.to_dict()) for frame in app.dataframe)
    assert not {address for address in addresses if address in shown}


def test_a_denial_is_written_down_with_the_page_it_happened_on(campaign: Workbench,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = Actor("vera", Role.VIEWER, None, frozenset({DEFAULT_CLIENT}))
    monkeypatch.setattr(shared, "workbench", lambda: campaign)
    monkeypatch.setattr(shared, "signed_in", lambda: viewer)
    monkeypatch.setattr("streamlit.Page.run", lambda _: sessions.account_states(campaign, viewer))
    app = AppTest.from_file(str(FRAME), default_timeout=60).switch_page(str(FRAME.with_name("leads.py"))).run()
    assert "does not allow" in app.error[0].proto.title
    with read(campaign.engine) as session:
        last = session.exec(accounts.users.select(AuditEvent).order_by(AuditEvent.seq.desc())).first()  # type: ignore
    assert last is not None and (last.action, last.actor) == ("access_denied", "vera")
    assert '"place":"leads"' in last.detail


def test_whatever_a_page_caches_is_for_one_session_only() -> None:
    shared_by_all = [f"{path.name}: {line.strip()}" for path in FRAME.parent.rglob("*.py")
                     for line in path.read_text(encoding="utf-8").splitlines()
                     if "@st.cache_" in line and 'scope="session"' not in line]
    # the workbench itself is one for everybody, and holds nobody's answers under another client's name
    assert shared_by_all == ["shared.py: @st.cache_resource(show_spinner=False)"]
