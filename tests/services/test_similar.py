"""Similar leads share what they are about; names play no part, and nobody sees what the role hides."""

from __future__ import annotations

from dataclasses import replace

import httpx
import numpy as np
import pytest

from leadscore import sandbox
from leadscore.access import Role
from leadscore.errors import InvalidRequest, NotFound
from leadscore.services import governance, intake, jobs, language, offers, scoring, similar
from tests.connectors.language.server import FakeServer
from tests.services.conftest import CLIENT, person, run_here, workbench_at

BOSS = person(Role.ADMIN)
KINDS = (("Nurse", "Hospital & Health Care", "Works nights on a children's ward"),
         ("Software Engineer", "Computer Software", "Writes compilers and cloud services"),
         ("Chef", "Restaurants", "Cooks fish and bakes bread"))


def rows(kinds, each, status=""):
    return [f"{title} {n},{title},{industry},{bio} number {n},{status}" for title, industry, bio in kinds
            for n in range(each)]


FILE = "\n".join(["name,role,industry,linkedin_bio,Lead Status", *rows(KINDS, 12, "New"),
                  *rows(KINDS[:1], 8, "Closed Won"), "Nobody Known,,,,New"]).encode()


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    made = workbench_at(tmp_path_factory.mktemp("similar"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        intake.import_file(made, BOSS, client=CLIENT, source=FILE, filename="leads.csv")
    scoring.rescore(made, BOSS, client=CLIENT)
    return made


def test_the_nearest_leads_are_of_the_same_kind(bench):
    found = similar.similar_leads(bench, BOSS, client=CLIENT, lead_id=15, count=11)
    assert found.ready
    assert set(found.frame["job_title"]) == {"Software Engineer"}
    assert 15 not in found.frame["lead_id"].tolist()
    assert found.frame["similarity"].is_monotonic_decreasing
    assert found.frame["similarity"].between(-1, 1.001).all()
    assert found.frame["shared"].str.startswith("same industry").all()
    assert found.frame["score"].notna().all()


def test_a_lead_of_which_nothing_is_known_has_no_similar_ones(bench):
    nobody = 45
    found = similar.similar_leads(bench, BOSS, client=CLIENT, lead_id=nobody)
    assert found.frame.empty
    assert "Nothing is known" in found.sentence


def test_look_alikes_resemble_customers_and_are_none_yet(bench):
    found = similar.look_alikes(bench, BOSS, client=CLIENT, count=12)
    assert set(found.frame["job_title"]) == {"Nurse"}
    assert set(found.frame["outcome"]) == {"new"}
    assert "8 customers" in found.sentence
    again = similar.look_alikes(bench, BOSS, client=CLIENT, count=12)
    assert again.frame.equals(found.frame)


def test_leads_like_an_offer_name_the_line_they_are_close_to(bench):
    offer = offers.create_offer(bench, BOSS, client=CLIENT, values={
        "name": "Oven", "value_props": ["Bakes bread in ten minutes"], "ideal_use_cases": ["Restaurants"]})
    found = similar.leads_like_offer(bench, BOSS, client=CLIENT, offer_id=offer.id, count=12)
    assert set(found.frame["job_title"]) == {"Chef"}
    assert found.frame["shared"].str.startswith("close to '").all()


def test_a_viewer_sees_no_names(bench):
    found = similar.similar_leads(bench, person(Role.VIEWER, CLIENT), client=CLIENT, lead_id=15)
    assert set(found.frame["name"]) == {"•••"}


def test_nothing_is_worked_out_twice_and_new_leads_are_found(bench):
    client = "growing"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        intake.import_file(bench, BOSS, client=client, source=FILE, filename="leads.csv")
        assert similar.prepare_similar(bench, BOSS, client=client) == 44
        assert similar.prepare_similar(bench, BOSS, client=client) == 0
        more = b"name,role,industry,linkedin_bio\nNew One,Astronaut,Space,Flies to the moon\n"
        added = intake.import_file(bench, BOSS, client=client, source=more, filename="more.csv")
        assert similar.prepare_changed(bench) == 1
        found = similar.similar_leads(bench, BOSS, client=client, lead_id=added.batch_id and _last(bench, client))
        assert len(found.frame) == 5
        intake.undo_import(bench, BOSS, client=client, batch_id=added.batch_id)
        assert similar.prepare_changed(bench) == 0
        found = similar.similar_leads(bench, BOSS, client=client, lead_id=_last(bench, client) - 1, count=44)
        assert "Astronaut" not in set(found.frame["job_title"])


def _last(bench, client):
    with bench.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT max(l.id) FROM leads l JOIN clients c ON c.id = l.client_id WHERE "
                                          f"c.name = '{client}'").scalar()


def test_many_unplaced_leads_are_left_to_the_worker(bench, monkeypatch):
    client = "many"
    monkeypatch.setattr(sandbox, "run", run_here)
    monkeypatch.setattr(similar, "PREPARED_AT_ONCE", 5)
    intake.import_file(bench, BOSS, client=client, source=FILE, filename="leads.csv")
    found = similar.look_alikes(bench, BOSS, client=client)
    assert (found.ready, len(found.frame)) == (False, 0)
    similar.prepare_changed(bench)
    assert similar.look_alikes(bench, BOSS, client=client).ready


def test_the_worker_lets_jobs_go_first(bench, monkeypatch):
    client = "patient"
    monkeypatch.setattr(sandbox, "run", run_here)
    intake.import_file(bench, BOSS, client=client, source=FILE, filename="leads.csv")
    job = jobs.submit(bench, BOSS, client=client, kind="rescore", arguments={})
    assert similar.prepare_changed(bench) == 0
    jobs.cancel(bench, BOSS, job_id=job)
    assert similar.prepare_changed(bench) == 44


@pytest.mark.parametrize(("function", "more", "error"), [
    ("similar_leads", {"lead_id": 999_999}, NotFound), ("similar_leads", {"lead_id": 1, "count": 0}, InvalidRequest),
    ("similar_leads", {"lead_id": 1, "count": 10_000}, InvalidRequest),
    ("leads_like_offer", {"offer_id": 99}, NotFound), ("look_alikes", {"of": "friends"}, InvalidRequest)])
def test_what_cannot_be_shown_is_refused(bench, function, more, error):
    with pytest.raises(error):
        getattr(similar, function)(bench, BOSS, client=CLIENT, **more)


def test_without_customers_it_is_said_why_there_are_none(bench, monkeypatch):
    monkeypatch.setattr(sandbox, "run", run_here)
    few = b"name,role\nA,Chef\nB,Nurse\n"
    intake.import_file(bench, BOSS, client="few", source=few, filename="f.csv")
    found = similar.look_alikes(bench, BOSS, client="few")
    assert found.frame.empty
    assert "0 leads have converted" in found.sentence


def test_stored_vectors_are_not_the_embedders_own(bench):
    with bench.engine.connect() as connection:
        blob = connection.exec_driver_sql("SELECT vector FROM lead_vectors WHERE lead_id = 1").scalar()
    kept = np.frombuffer(blob, dtype=np.float16).astype(float)
    own = bench.embedder.embed(["Nurse; Hospital & Health Care; Works nights on a children's ward number 0"])[0]
    assert abs(kept @ own) < 0.5


def _role(text):
    return text.split(";")[0].removeprefix("role: ")


def vectors_for(request):
    texts = httpx.Response(200, content=request.content).json()["input"]
    axis = {"Nurse": 0, "Software Engineer": 1, "Chef": 2}
    return httpx.Response(200, json={"usage": {"total_tokens": 7}, "data": [
        {"index": n, "embedding": [float(axis.get(_role(text)) == place) + 0.01 for place in range(3)]}
        for n, text in enumerate(texts)]})


def test_vectors_of_a_server_are_used_only_when_allowed_and_hold_no_bios(bench):
    client, fake = "remote", FakeServer(vectors_for)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        intake.import_file(bench, BOSS, client=client, source=FILE, filename="leads.csv")
    connected = replace(bench, language=fake.connected())
    similar.prepare_similar(connected, BOSS, client=client)
    assert fake.requests == []
    language.save_language_settings(connected, BOSS, client=client, changes={"on": True})
    assert similar.prepare_similar(connected, BOSS, client=client) == 44
    sent = b"".join(request.content for request in fake.requests)
    assert b"role: Nurse; industry: Hospital" in sent
    assert b"children" not in sent
    first = _last(bench, client) - 44
    found = similar.similar_leads(connected, BOSS, client=client, lead_id=first, count=3)
    assert set(found.frame["job_title"]) == {"Nurse"}
    events = governance.audit_events(connected, BOSS, client=client).frame["action"].tolist()
    assert "language_server_asked" in events


def test_a_server_that_fails_leaves_the_local_vectors_in_use(bench):
    client = "broken"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        intake.import_file(bench, BOSS, client=client, source=FILE, filename="leads.csv")
    fake = FakeServer(httpx.Response(401))
    connected = replace(bench, language=fake.connected())
    language.save_language_settings(connected, BOSS, client=client, changes={"on": True})
    assert similar.prepare_changed(connected) >= 44
    similar.prepare_changed(connected)
    assert len(fake.requests) == 1
    assert len(similar.similar_leads(connected, BOSS, client=client, lead_id=_last(bench, client) - 5).frame) == 5


def _fresh(bench, client, fake, **more):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        intake.import_file(bench, BOSS, client=client, source=FILE, filename="leads.csv")
    connected = replace(bench, language=fake.connected(**more))
    language.save_language_settings(connected, BOSS, client=client, changes={"on": True})
    return connected


def _neighbours(bench, client):
    return len(similar.similar_leads(bench, BOSS, client=client, lead_id=_last(bench, client) - 5).frame)


def test_looking_at_a_lead_asks_no_server(bench):
    fake = FakeServer(vectors_for)
    connected = _fresh(bench, "looked at", fake)
    assert _neighbours(connected, "looked at") == 5
    assert fake.requests == []


def _of_length(length):
    def reply(request):
        texts = httpx.Response(200, content=request.content).json()["input"]
        return httpx.Response(200, json={"data": [{"index": n, "embedding": [1.0] * length}
                                                  for n in range(len(texts))]})

    return reply


def test_vectors_of_changing_length_leave_the_local_ones_in_use(bench, monkeypatch):
    monkeypatch.setattr("leadscore.steps.nearness.SENT_AT_ONCE", 1)
    connected = _fresh(bench, "changing", FakeServer(_of_length(3), _of_length(2)))
    assert similar.prepare_changed(connected) >= 44
    assert _neighbours(connected, "changing") == 5


def test_vectors_of_another_length_than_the_stored_ones_are_made_anew(bench):
    fake = FakeServer(_of_length(3))
    connected = _fresh(bench, "other", fake)
    similar.prepare_similar(connected, BOSS, client="other")
    more = b"name,role,industry\nZ,Diver,Fishing\n"
    for length in (2, 2):
        fake.replies = [_of_length(length)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sandbox, "run", run_here)
            intake.import_file(bench, BOSS, client="other", source=more, filename="more.csv")
        more = more.replace(b"Z", b"Y").replace(b"Diver", b"Miner")
        similar.prepare_similar(connected, BOSS, client="other")
        assert _neighbours(connected, "other") == 5


def test_a_long_name_of_a_model_does_not_mix_what_may_and_may_not_be_sent(bench):
    fake = FakeServer(vectors_for)
    connected = _fresh(bench, "long", fake, embeddings_model="somebody/a-model-with-a-name-that-is-long-enough")
    similar.prepare_similar(connected, BOSS, client="long")
    language.save_language_settings(connected, BOSS, client="long", changes={"send_personal_data": True})
    assert _neighbours(connected, "long") == 5
