"""Saved views come back as they were, belong to somebody, and things happen when leads come into them."""

from dataclasses import replace

import pytest

from leadscore import worker
from leadscore.access import Actor, Role
from leadscore.errors import Forbidden, InvalidRequest, NotFound
from leadscore.services import delivery, dossier, insight, jobs, scoring, segments
from leadscore.services.delivery import ListView
from leadscore.store.database import read
from leadscore.store.tables import Segment
from tests.services.conftest import CLIENT, person

HIGH = ListView(tiers=("High",))


def _save(bench, actor, view=HIGH, name="Hot", **more):
    return segments.save_segment(bench, actor, client=CLIENT, name=name, view=view, **more)


def _listed(bench, actor, view):
    return delivery.list_leads(bench, actor, client=CLIENT, view=view)


def _follow(bench, actor):
    return segments.follow_segments(bench, actor, client=CLIENT)


def _promote(bench, actor, count=2):
    """Set some Low leads High by hand, so that they come into the segment."""
    found = _listed(bench, actor, ListView(tiers=("Low",), page_size=count)).frame["lead_id"].tolist()
    for lead_id in found:
        dossier.override(bench, actor, client=CLIENT, lead_id=lead_id, tier="High", reason="met at the fair")
    return found


def test_a_saved_view_comes_back_with_everything_it_showed(trained, admin):
    view = ListView(search="acme", tiers=("High", "Low"), min_score=10, fields=(("city", "contains", "o"),),
                    columns=("city",), order="company", top="50%", reachable_only=True)
    _save(trained, admin, view, shared=True)
    (found,) = segments.list_segments(trained, admin, client=CLIENT)
    assert (found.name, found.view, found.shared, found.created_by) == ("Hot", view, True, admin.name)
    assert segments.segment_named(trained, admin, client=CLIENT, name="  hOT ").id == found.id


def test_what_was_searched_for_is_sealed_in_the_store(trained, admin):
    _save(trained, admin, ListView(search="Margaret Hamilton"))
    with read(trained.engine) as session:
        assert "Margaret" not in str(session.get_one(Segment, 1).view)


def test_a_list_is_narrowed_to_a_segment_and_further_filters_hold_too(trained, admin):
    everyone = _listed(trained, admin, HIGH)
    segment = _save(trained, admin)
    assert _listed(trained, admin, ListView(segment=segment)).frame["lead_id"].tolist() == \
        everyone.frame["lead_id"].tolist()
    owner = everyone.frame["owner"].dropna().iloc[0]
    both = _listed(trained, admin, ListView(segment=segment, owners=(owner,)))
    assert 0 < both.total < everyone.total
    assert set(both.frame["owner"]) == {owner}
    assert set(both.frame["tier"]) == {"High"}


def test_a_segment_of_the_best_keeps_to_the_best_whatever_else_is_filtered(trained, admin):
    best = _listed(trained, admin, ListView(top="10")).frame
    segment = _save(trained, admin, ListView(top="10"))
    assert _listed(trained, admin, ListView(segment=segment)).frame["lead_id"].tolist() == best["lead_id"].tolist()
    owner = best["owner"].dropna().iloc[0]
    theirs = _listed(trained, admin, ListView(segment=segment, owners=(owner,)))
    assert theirs.total == int((best["owner"] == owner).sum())


def test_a_segment_may_stand_in_another_but_not_in_itself(trained, admin):
    inner = _save(trained, admin)
    outer = _save(trained, admin, ListView(segment=inner, min_score=50), name="Outer")
    assert _listed(trained, admin, ListView(segment=outer)).total == \
        _listed(trained, admin, replace(HIGH, min_score=50)).total
    with pytest.raises(InvalidRequest, match="stands inside itself"):
        _save(trained, admin, ListView(segment=outer))
    assert _listed(trained, admin, ListView(segment=inner)).total == _listed(trained, admin, HIGH).total


def test_exports_hold_a_segment_and_nobody_else(trained, admin):
    segment = _save(trained, admin, ListView(top="12"))
    exported = delivery.export_leads(trained, admin, client=CLIENT, view=ListView(segment=segment), format="csv")
    assert exported.rows + exported.left_out == 12


@pytest.mark.parametrize(("name", "view", "code"), [
    ("", HIGH, "wrong_segment_name"), (" ", HIGH, "wrong_segment_name"), ("x" * 81, HIGH, "wrong_segment_name"),
    ("a\nb", HIGH, "wrong_segment_name"),
    ("Hot", ListView(fields=(("email", "is", "x"),)), "unknown_field"),
    ("Hot", ListView(fields=(("employees", "at_least", "many"),)), "wrong_number"),
    ("Hot", ListView(top="-5"), "wrong_top"),
    ("Hot", ListView(entered_since="yesterday", segment=1), "wrong_date"),
    ("Hot", ListView(segment=99), "unknown_segment"), ("Hot", ListView(segment=1), "segments_in_a_circle"),
])
def test_a_view_that_cannot_be_is_not_kept(trained, admin, name, view, code):
    with pytest.raises((InvalidRequest, NotFound)) as refusal:
        _save(trained, admin, view, name=name)
    assert refusal.value.code == code
    assert not segments.list_segments(trained, admin, client=CLIENT)


def test_a_private_view_is_its_owners_alone_and_a_name_is_taken_once(trained, admin):
    analyst, viewer = person(Role.ANALYST, CLIENT), person(Role.VIEWER, CLIENT)
    mine = _save(trained, analyst)
    assert not segments.list_segments(trained, viewer, client=CLIENT)
    with pytest.raises(NotFound):
        segments.remove_segment(trained, viewer, client=CLIENT, segment_id=mine)
    with pytest.raises(NotFound):
        segments.segment_named(trained, viewer, client=CLIENT, name="Hot")
    with pytest.raises(InvalidRequest, match="was saved by"):
        _save(trained, admin)
    with pytest.raises(Forbidden):
        _save(trained, viewer, name="For all", shared=True)


def test_saving_again_replaces_and_a_manager_may_remove(trained):
    analyst, manager = person(Role.ANALYST, CLIENT), person(Role.MANAGER, CLIENT)
    first = _save(trained, analyst, shared=True)
    assert _save(trained, analyst, ListView(tiers=("Low",)), name="HOT", shared=True) == first
    (found,) = segments.list_segments(trained, manager, client=CLIENT)
    assert found.view.tiers == ("Low",)
    with pytest.raises(Forbidden, match="saved by"):
        segments.remove_segment(trained, person(Role.VIEWER, CLIENT), client=CLIENT, segment_id=first)
    segments.remove_segment(trained, manager, client=CLIENT, segment_id=first)
    assert not segments.list_segments(trained, manager, client=CLIENT)
    with pytest.raises(NotFound):
        _listed(trained, manager, ListView(segment=first))


def test_only_leads_that_come_in_are_handed_over_and_only_those_without_an_owner(trained, admin):
    segment = _save(trained, admin, shared=True)
    segments.set_trigger(trained, admin, client=CLIENT, segment_id=segment, trigger={"kind": "owner", "owner": " Ann "})
    before = _listed(trained, admin, replace(HIGH, page_size=1000)).frame.set_index("lead_id")["owner"]
    assert _follow(trained, admin)[0].came == 0
    came = _promote(trained, admin)
    dossier.assign_owner(trained, admin, client=CLIENT, lead_ids=came[:1], owner="Bob")
    dossier.assign_owner(trained, admin, client=CLIENT, lead_ids=came[1:], owner=None)
    (found,) = _follow(trained, admin)
    assert (found.came, found.went, found.done) == (2, 0, "1 handed to Ann")
    after = _listed(trained, admin, replace(HIGH, page_size=1000)).frame.set_index("lead_id")["owner"]
    assert after[came].tolist() == ["Bob", "Ann"]
    assert after[before.index].equals(before)
    assert _follow(trained, admin)[0].came == 0


def test_a_file_of_those_who_came_in_is_prepared_after_a_scoring(trained):
    admin = Actor(name="the operator", role=Role.ADMIN)
    segment = _save(trained, admin, shared=True)
    segments.set_trigger(trained, admin, client=CLIENT, segment_id=segment, trigger={"kind": "export", "format": "csv"})
    came = _promote(trained, admin)
    job = jobs.submit(trained, admin, client=CLIENT, kind="rescore", arguments={})
    worker.run_pending(trained)
    followed = jobs.view(trained, admin, job_id=job).result["segments"]
    assert [found["came"] for found in followed] == [2]
    export = next(job for job in jobs.recent(trained, admin, client=CLIENT) if job.kind == "export")
    assert export.result["rows"] + export.result["left_out"] == 2
    newcomers = _listed(trained, admin, ListView.from_dict(export.arguments["view"]))
    assert sorted(newcomers.frame["lead_id"]) == sorted(came)


def test_a_changed_segment_begins_anew_so_that_nobody_seems_to_have_come_in(trained, admin):
    segment = _save(trained, admin, shared=True)
    segments.set_trigger(trained, admin, client=CLIENT, segment_id=segment, trigger={"kind": "count"})
    _save(trained, admin, ListView(), shared=True)
    assert _follow(trained, admin)[0].came == 0
    _save(trained, admin, HIGH, shared=True)
    assert _follow(trained, admin)[0].came == 0
    _promote(trained, admin, 1)
    assert _follow(trained, admin)[0].came == 1


def test_a_segment_that_cannot_be_followed_does_not_keep_others_or_the_scoring_from_working(trained, admin,
                                                                                            monkeypatch):
    for name, view in (("All", ListView()), ("Hot", HIGH)):
        segment = _save(trained, admin, view, name=name, shared=True)
        segments.set_trigger(trained, admin, client=CLIENT, segment_id=segment, trigger={"kind": "count"})
    monkeypatch.setattr(segments, "MOST_FOLLOWED", 150)
    _promote(trained, admin, 1)
    scoring.rescore(trained, admin, client=CLIENT)
    too_many, hot = _follow(trained, admin)
    assert "too many to follow" in too_many.done
    assert hot.came >= 1


@pytest.mark.parametrize(("trigger", "code"), [
    ({"kind": "fax"}, "unknown_trigger"), ({"kind": "owner"}, "no_owner"),
    ({"kind": "owner", "owner": " "}, "no_owner"),
    ({"kind": "owner", "owner": "x" * 81}, "no_owner"), ({"kind": "export", "format": "pdf"}, "unknown_format"),
])
def test_a_trigger_that_cannot_be_is_refused(trained, admin, trigger, code):
    segment = _save(trained, admin, shared=True)
    with pytest.raises(InvalidRequest) as refusal:
        segments.set_trigger(trained, admin, client=CLIENT, segment_id=segment, trigger=trigger)
    assert refusal.value.code == code
    assert segments.list_segments(trained, admin, client=CLIENT)[0].trigger is None


def test_another_client_neither_sees_nor_uses_a_segment(trained, admin):
    segment = _save(trained, admin, shared=True)
    with pytest.raises(NotFound):
        segments.list_segments(trained, person(Role.MANAGER, CLIENT), client="globex")
    assert not segments.list_segments(trained, admin, client="globex")
    with pytest.raises(NotFound):
        segments.save_segment(trained, admin, client="globex", name="Theirs", view=ListView(segment=segment))


def test_what_one_person_keeps_is_not_used_by_another_whatever_number_they_guess(trained, admin, analyst):
    mine = _save(trained, admin, ListView(search="Last1"))
    stolen = ListView(segment=mine)
    since = replace(stolen, entered_since="2026-01-01")
    insight.performance(trained, admin, client=CLIENT, view=stolen)
    for use in (lambda: _listed(trained, analyst, stolen), lambda: _listed(trained, analyst, since),
                lambda: delivery.export_leads(trained, analyst, client=CLIENT, view=stolen, format="csv"),
                lambda: insight.performance(trained, analyst, client=CLIENT, view=stolen),
                lambda: _save(trained, analyst, stolen, name="Theirs", shared=True)):
        with pytest.raises(NotFound, match="no saved view"):
            use()


def test_a_shared_view_may_stand_on_one_its_author_keeps(trained, admin, analyst):
    mine = _save(trained, admin)
    outer = _save(trained, admin, ListView(segment=mine), name="Shared", shared=True)
    assert _listed(trained, analyst, ListView(segment=outer)).total == _listed(trained, admin, HIGH).total


def test_no_file_is_made_of_a_view_that_whoever_scores_may_not_see(trained, admin, analyst):
    segment = _save(trained, admin)
    segments.set_trigger(trained, admin, client=CLIENT, segment_id=segment, trigger={"kind": "export"})
    _promote(trained, admin)
    (found,) = _follow(trained, analyst)
    assert (found.came, found.done) == (2, "no file: the view is the admin's alone, and the analyst had the leads "
                                           "scored")
    assert worker.run_pending(trained) == 0
