"""Prepared leads are kept while they are true and while there is room."""

from dataclasses import replace
from datetime import timedelta

import pytest

from leadscore.access import Actor, Role
from leadscore.errors import InvalidRequest
from leadscore.schema import MadeFeature
from leadscore.scoring.presets import default_policy
from leadscore.services import dossier, intake
from leadscore.steps import panels
from leadscore.steps.models import CHAMPION, find_version
from leadscore.store import clients
from leadscore.store.database import read
from tests.services.conftest import CLIENT, NOW, leads_file

POLICY = default_policy()
pytestmark = pytest.mark.usefixtures("read_here")
ADMIN = Actor(name="the admin", role=Role.ADMIN)


@pytest.fixture
def mine(trained):
    with read(trained.engine) as session:
        client_id = clients.require(session, CLIENT)
        return client_id, find_version(session, client_id, CHAMPION)


def kept(workbench):
    return [value for value in workbench.panels.values() if isinstance(value, panels.Prepared)]


def test_the_same_leads_are_prepared_once(trained, mine):
    first = panels.prepare(trained, *mine, POLICY)
    assert panels.prepare(trained, *mine, replace(POLICY, alpha=0.9)) is first
    assert (len(first.panel), first.stored) == (394, 394)
    assert first.measured is not None
    assert 0 < first.open_leads < 394


def test_what_has_become_untrue_is_let_go(trained, mine):
    first = panels.prepare(trained, *mine, POLICY)
    dossier.override(trained, ADMIN, client=CLIENT, lead_id=int(first.panel.lead_ids[0]), score=100.0, reason="known")
    second = panels.prepare(trained, *mine, POLICY)
    assert second.panel.by_hand["score"].tolist() == [100.0]
    tomorrow = replace(trained, clock=lambda: NOW + timedelta(days=1))
    third = panels.prepare(tomorrow, *mine, POLICY)
    assert third is not second
    assert kept(trained) == [third]


def test_without_a_model_the_same_leads_are_another_panel(trained, mine):
    client_id, champion = mine
    assert panels.prepare(trained, client_id, None, POLICY).panel.model is None
    assert panels.prepare(trained, client_id, champion, POLICY).panel.model is not None


def test_what_was_not_used_for_longest_makes_room(trained, mine, monkeypatch):
    first = panels.prepare(trained, *mine, POLICY)
    monkeypatch.setattr(panels, "MOST_BYTES", int(1.5 * first.bytes))
    second = panels.prepare(trained, mine[0], None, POLICY)
    assert kept(trained) == [second] or second.bytes < first.bytes / 2
    monkeypatch.setattr(panels, "MOST_BYTES", 1)
    third = panels.prepare(trained, *mine, POLICY)
    assert kept(trained) == [third]


def test_of_very_many_leads_a_part_is_looked_at_and_progress_is_told(trained, mine, monkeypatch):
    monkeypatch.setattr(panels, "MOST_LEADS", 100)
    monkeypatch.setattr(panels, "CHUNK", 30)
    told = []
    prepared = panels.prepare(trained, *mine, POLICY, tell=lambda fraction, message: told.append((fraction, message)))
    assert (len(prepared.panel), prepared.stored) == (100, 394)
    assert (prepared.panel.lead_ids[1:] > prepared.panel.lead_ids[:-1]).all()
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert told[1][1] == "Preparing lead 1 of 100"
    assert told[-1] == (1.0, "Ready")


def test_leads_that_come_in_between_two_preparations_are_in_both(trained, mine, monkeypatch):
    build, built = panels._build, []

    def then_import(workbench, *parts):
        built.append(build(workbench, *parts))
        if len(built) == 1:
            intake.import_file(workbench, ADMIN, client=CLIENT, source=leads_file(5), filename="more.csv")
        return built[-1]

    monkeypatch.setattr(panels, "_build", then_import)
    offered = replace(POLICY, made=(MadeFeature("depth", "Depth", "page_views / website_visits", "fit"),))
    first, second = panels.prepare_both(trained, *mine, (POLICY, offered))
    assert len(first.panel) == len(second.panel) == 399
    assert len(built) == 3


def test_leads_that_never_stand_still_are_said_to(trained, mine, monkeypatch):
    build, numbers = panels._build, iter(range(3, 90, 3))

    def then_import(workbench, *parts):
        prepared = build(workbench, *parts)
        intake.import_file(workbench, ADMIN, client=CLIENT, source=leads_file(next(numbers)), filename="more.csv")
        return prepared

    monkeypatch.setattr(panels, "_build", then_import)
    offered = replace(POLICY, made=(MadeFeature("depth", "Depth", "page_views / website_visits", "fit"),))
    with pytest.raises(InvalidRequest, match="right now"):
        panels.prepare_both(trained, *mine, (POLICY, offered))
