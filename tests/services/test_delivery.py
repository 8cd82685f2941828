"""Lists, details and exports tell one story, keep protected people in, and show each person what is theirs."""

from dataclasses import replace
from io import BytesIO, StringIO

import numpy as np
import pandas as pd
import pytest

from leadscore.access import Role
from leadscore.errors import InvalidRequest, NotFound
from leadscore.scoring.reasons import LEAST_EFFECT, OTHERS
from leadscore.services import delivery, dossier, governance, intake, policies, scoring
from leadscore.steps.listing import MASK
from leadscore.steps.selection import UNREACHABLE_REASONS
from tests.services.conftest import CLIENT, HEADER, leads_file, person, row

pytestmark = pytest.mark.usefixtures("read_here")

OTHER = "globex"


def _list(workbench, actor, client=CLIENT, **view):
    return delivery.list_leads(workbench, actor, client=client, view=delivery.ListView(**{"page_size": 1_000} | view))


def _export(workbench, actor, client=CLIENT, **view):
    return delivery.export_leads(workbench, actor, client=client, view=delivery.ListView(**view), format="csv")


def _rows(exported) -> pd.DataFrame:
    return pd.read_csv(StringIO(exported.content.decode("utf-8-sig")))


def _filled(workbench, admin, data, client=CLIENT):
    intake.import_file(workbench, admin, client=client, source=data, filename="leads.csv")
    scoring.rescore(workbench, admin, client=client)
    return workbench


def _detail(workbench, actor, lead_id):
    return dossier.lead_detail(workbench, actor, client=CLIENT, lead_id=int(lead_id))


# --- one story ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 17, 100, 250, -1])
def test_base_and_reasons_add_up_to_the_score_and_little_is_left_unexplained(seen, admin, place):
    listed = _list(seen, admin).frame.iloc[place]
    detail = _detail(seen, admin, listed["lead_id"])
    effects = [reason.effect for reason in detail.reasons]
    assert detail.base + sum(effects) == pytest.approx(detail.blended, abs=1e-6)
    rest = sum(reason.effect for reason in detail.reasons if reason.code == OTHERS)
    # what is summed up as the rest is only what is too small for a line each
    assert abs(rest) < LEAST_EFFECT * 60
    assert round(detail.score, 1) == listed["score"]
    assert detail.tier == listed["tier"]
    assert listed["top_reason"] == f"{detail.reasons[0].text}: {detail.reasons[0].effect:+.1f}"


def test_page_and_export_agree_on_rank_score_tier_and_reason(trained, admin):
    listed = _list(trained, admin).frame.set_index("rank")
    exported = _rows(_export(trained, admin)).set_index("rank")
    assert 0 < len(exported) < len(listed)
    same = listed.loc[exported.index]
    np.testing.assert_array_equal(exported["score"], same["score"])
    assert exported["tier"].tolist() == same["tier"].tolist()
    assert exported["reason_1"].fillna("").tolist() == same["top_reason"].fillna("").tolist()


def test_csv_and_xlsx_hold_the_same_leads(trained, admin):
    view = delivery.ListView(top="10%")
    as_csv = delivery.export_leads(trained, admin, client=CLIENT, view=view, format="csv")
    as_xlsx = delivery.export_leads(trained, admin, client=CLIENT, view=view, format="xlsx")
    sheet = pd.read_excel(BytesIO(as_xlsx.content), engine="openpyxl")
    assert sheet["rank"].tolist() == _rows(as_csv)["rank"].tolist()
    assert sheet["company"].fillna("").tolist() == _rows(as_csv)["company"].fillna("").tolist()


def test_the_list_is_ranked_by_score(seen, admin):
    frame = _list(seen, admin).frame
    assert frame["rank"].tolist() == list(range(1, len(frame) + 1))
    assert frame["score"].is_monotonic_decreasing
    assert frame["score"].nunique() > 50


@pytest.mark.parametrize("order", ["score", "company"])
def test_paging_shows_each_lead_once(seen, admin, order):
    first = _list(seen, admin, page_size=37, order=order)
    pages = [_list(seen, admin, page_size=37, order=order, page=number + 1).frame for number in range(first.pages)]
    shown = pd.concat(pages)
    assert len(shown) == first.total == shown["lead_id"].nunique()
    assert shown["rank"].tolist() == list(range(1, first.total + 1))
    assert _list(seen, admin, page_size=37, order=order, page=first.pages + 1).frame.empty


@pytest.mark.parametrize("order", ["score", "company"])
def test_the_best_fifth_is_the_best_fifth_in_every_order(seen, admin, order):
    everyone = _list(seen, admin).frame
    best = _list(seen, admin, top="20%", order=order)
    wanted = -(-len(everyone) // 5)
    assert best.total == len(best.frame) == wanted
    assert set(best.frame["lead_id"]) == set(everyone["lead_id"].head(wanted))


def test_leads_of_a_company_stand_together(seen, admin):
    companies = _list(seen, admin, order="company").frame["company"].dropna().str.casefold()
    keys = companies.str.replace(r"\W|gmbh|ltd|inc|s\.?a\.?$|b\.?v\.?$", "", regex=True)
    # as many runs of one company as there are companies, save for spellings this pattern does not fold
    assert (keys != keys.shift()).sum() < len(keys)
    view = _list(seen, admin, order="company").frame
    first = int(view["lead_id"].iloc[0])
    mates = _list(seen, admin, company_of=first).frame["lead_id"].tolist()
    assert sorted(view["lead_id"].head(len(mates))) == sorted(mates)


def test_a_lead_without_company_has_no_colleagues(workbench, admin):
    _filled(workbench, admin, leads_file(5) + row(9, company="").encode())
    lonely = _list(workbench, admin).frame.query("company.isna()")["lead_id"].tolist()
    assert len(lonely) == 1
    assert _list(workbench, admin, company_of=int(lonely[0])).frame["lead_id"].tolist() == lonely


def test_what_filters_offer_they_find(seen, admin):
    options = delivery.filter_options(seen, admin, client=CLIENT)
    total = _list(seen, admin).total
    for name, values in (("tiers", options.tiers), ("outcomes", options.outcomes)):
        counts = [_list(seen, admin, page_size=1, **{name: (value,)}).total for value in values]
        assert sum(counts) == total, name
    for name in ("sources", "countries", "owners", "industries"):
        value = getattr(options, name)[0]
        assert 0 < _list(seen, admin, **{name: (value,)}).total < total, name
    assert _list(seen, admin, batch_id=options.batches[0][0]).total == total
    assert _list(seen, admin, batch_id=999).total == 0


def test_scores_are_filtered_by_both_ends(seen, admin):
    frame = _list(seen, admin, min_score=40, max_score=60).frame
    assert frame["score"].between(40, 60).all()
    everyone = _list(seen, admin).frame["score"]
    assert len(frame) == pytest.approx(everyone.between(40, 60).sum(), abs=1)


def test_reachable_only_leaves_out_exactly_those_an_export_leaves_out(trained, admin):
    reachable = _list(trained, admin, reachable_only=True)
    assert reachable.total == _list(trained, admin).total - _list(trained, admin).unreachable
    assert reachable.total == _export(trained, admin).rows


def test_own_columns_can_be_filtered_and_shown(workbench, admin):
    _filled(workbench, admin, leads_file(6) + row(7, interest="Training").encode())
    view = {"fields": (("custom:Product interest", "is", "Training"),),
            "columns": ("custom:Product interest", "employees")}
    frame = _list(workbench, admin, **view).frame
    assert frame["Product interest"].tolist() == ["Training"]
    assert frame["Employees"].tolist() == [17.0]


def test_an_own_column_called_like_one_of_ours_replaces_nothing(workbench, admin):
    lines = [row(number).strip() + f",S{number}\n" for number in range(5)]
    _filled(workbench, admin, (HEADER.strip() + ",score\n" + "".join(lines)).encode())
    plain = _list(workbench, admin).frame
    shown = _list(workbench, admin, columns=("custom:score",)).frame
    assert shown["score"].tolist() == plain["score"].tolist()
    exported = _rows(_export(workbench, admin, columns=("custom:score",)))
    assert exported["score"].tolist() == plain["score"].tolist()
    assert sorted(exported["score (yours)"]) == [f"S{number}" for number in range(5)]


@pytest.mark.parametrize(("search", "found"), [
    ("p3@firm3.example", [3]),
    ("P3@FIRM3.EXAMPLE ", [3]),
    ("firm 2", [2, 9]),
    ("100%", []),
    ("nobody@nowhere.example", []),
])
def test_the_search_finds_people_by_address_and_by_company(workbench, admin, search, found):
    _filled(workbench, admin, leads_file(10))
    emails = _list(workbench, admin, search=search).frame["email"].tolist()
    assert sorted(emails) == [f"p{number}@firm{number % 7}.example" for number in found]


def test_a_page_of_a_client_nobody_has_heard_of_is_empty(workbench, admin):
    page = _list(workbench, admin, client="new one", columns=("city",))
    assert page.total == 0
    assert page.frame.empty
    assert "City" in page.frame
    assert delivery.filter_options(workbench, admin, client="new one").batches == []


def test_capacity_is_what_the_policy_says(trained, admin):
    policies.save_policy(trained, admin, client=CLIENT, changes={"capacity": 7, "tier_mode": "capacity"}, comment="7")
    assert _list(trained, admin, top="capacity").total == 7
    scoring.rescore(trained, admin, client=CLIENT)
    assert _list(trained, admin).frame["tier"].value_counts().to_dict() == {
        "High": 7, "Medium": 14, "Low": _list(trained, admin).total - 21}


# --- exports ------------------------------------------------------------------------------------------------


def _protected_file() -> bytes:
    rows = [row(1), row(2, dnc="yes"), row(3, consent="no"), row(4, consent="no", dnc="yes"), row(5, consent=""),
            row(6), row(7)]
    blocked = ["no", "no", "no", "no", "no", "yes", "yes"]
    lines = [line.strip() + f",{word}\n" for line, word in zip(rows, blocked, strict=True)]
    return (HEADER.strip() + ",Do not contact\n" + "".join(lines)).encode()


def test_nobody_who_must_not_be_contacted_leaves_the_house_and_each_reason_is_counted(workbench, admin):
    _filled(workbench, admin, _protected_file())
    exported = _export(workbench, admin)
    assert sorted(_rows(exported)["email"]) == ["p1@firm1.example", "p5@firm5.example"]
    assert (exported.rows, exported.left_out) == (2, 5)
    assert exported.left_out_reasons == {UNREACHABLE_REASONS["do_not_contact"]: 2,
                                         UNREACHABLE_REASONS["do_not_call"]: 2, UNREACHABLE_REASONS["consent"]: 1}
    assert b"p4@" not in exported.content


def test_an_export_of_protected_people_alone_is_refused_and_marks_nobody(workbench, admin):
    _filled(workbench, admin, HEADER.encode() + row(1, dnc="yes").encode())
    with pytest.raises(InvalidRequest, match="left to export"):
        _export(workbench, admin)
    assert _list(workbench, admin).exported_before == 0


def test_exported_leads_are_marked_and_can_be_hidden(workbench, admin):
    _filled(workbench, admin, _protected_file())
    _export(workbench, admin)
    everyone = _list(workbench, admin)
    assert everyone.exported_before == 2
    assert sorted(everyone.frame.loc[everyone.frame["exported"], "email"]) == ["p1@firm1.example", "p5@firm5.example"]
    assert _list(workbench, admin, hide_exported=True).total == 5
    scoring.rescore(workbench, admin, client=CLIENT)
    assert _list(workbench, admin, hide_exported=True).total == 5
    with pytest.raises(InvalidRequest):
        _export(workbench, admin, hide_exported=True)


def test_an_export_to_a_path_is_for_its_owner_alone(trained, admin, tmp_path):
    path = tmp_path / "best.xlsx"
    exported = delivery.export_to_path(trained, admin, client=CLIENT, view=delivery.ListView(top="5"), path=path)
    assert path.read_bytes() == exported.content
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(InvalidRequest, match="cannot be written"):
        delivery.export_to_path(trained, admin, client=CLIENT, view=delivery.ListView(top="5"),
                                path=tmp_path / "missing" / "best.csv")


@pytest.mark.parametrize("name", ["leads.pdf", "leads", "csv.exe"])
def test_other_formats_are_refused(seen, admin, name, tmp_path):
    with pytest.raises(InvalidRequest):
        delivery.export_to_path(seen, admin, client=CLIENT, view=delivery.ListView(), path=tmp_path / name)


def test_a_written_table_cannot_run_formulas(workbench, admin, tmp_path):
    frame = pd.DataFrame({"name": ["=1+1", "fine"]})
    written = delivery.write_table(workbench, admin, client=CLIENT, frame=frame, path=tmp_path / "scored.csv")
    assert b"'=1+1" in written.path.read_bytes()


# --- people -------------------------------------------------------------------------------------------------


def _with_secret_column() -> bytes:
    lines = [row(number).strip() + f",partner{number}@home.example\n" for number in range(4)]
    return (HEADER.strip() + ",Partner address\n" + "".join(lines)).encode()


def test_a_viewer_sees_scores_and_no_personal_value_anywhere(workbench, admin, viewer):
    _filled(workbench, admin, _with_secret_column())
    columns = ("custom:Partner address", "phone", "first_name", "custom:Product interest", "email")
    frame = _list(workbench, viewer, columns=columns).frame
    shown = frame.to_csv() + str(_detail(workbench, viewer, frame["lead_id"][0]))
    for secret in ("First0", "p0@", "firm0.example", "@home", "+4935155"):
        assert secret in _list(workbench, admin, columns=columns).frame.to_csv()
        assert secret not in shown
    assert set(frame["Partner address"]) == {MASK}
    assert set(frame["Product interest"]) == {"Analytics"}
    assert frame["score"].notna().all()


def test_looking_at_a_person_is_remembered_unless_the_values_were_masked(trained, admin, viewer):
    lead_id = int(_list(trained, admin).frame["lead_id"][0])

    def views():
        return governance.audit_events(trained, admin, action="lead_viewed").total

    before = views()
    _detail(trained, viewer, lead_id)
    assert views() == before
    _detail(trained, admin, lead_id)
    assert views() == before + 1


def test_two_clients_never_see_each_others_leads(workbench, admin):
    _filled(workbench, admin, leads_file(6))
    _filled(workbench, admin, leads_file(3, industry="Retail"), client=OTHER)
    ours, theirs = (_list(workbench, admin, client=client).frame for client in (CLIENT, OTHER))
    assert (len(ours), len(theirs)) == (6, 3)
    assert not set(ours["lead_id"]) & set(theirs["lead_id"])
    foreign = int(theirs["lead_id"][0])
    with pytest.raises(NotFound):
        _detail(workbench, admin, foreign)
    with pytest.raises(NotFound):
        dossier.override(workbench, admin, client=CLIENT, lead_id=foreign, score=1, reason="mine now")
    assert dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[foreign], stage="lost") == 0
    assert dossier.assign_owner(workbench, admin, client=CLIENT, lead_ids=[foreign], owner="me") == 0
    assert _list(workbench, admin, company_of=foreign).total == 0
    assert _list(workbench, admin, search="p0@firm0.example").total == 1
    assert delivery.filter_options(workbench, admin, client=CLIENT).industries == ["Software"]
    after = _list(workbench, admin, client=OTHER).frame
    assert set(after["outcome"]) == {"new"}
    assert after["owner"].isna().all()


# --- what people write back ---------------------------------------------------------------------------------


def test_a_recorded_outcome_shows_at_once_and_in_the_timeline(workbench, admin):
    _filled(workbench, admin, leads_file(3))
    assert dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[1, 2], stage="converted",
                                   revenue=500.0, currency="EUR") == 2
    frame = _list(workbench, admin, outcomes=("converted",)).frame
    assert sorted(frame["lead_id"]) == [1, 2]
    detail = _detail(workbench, admin, 1)
    assert detail.outcomes.iloc[-1]["stage"] == "converted"
    assert "Converted" in detail.activities["text"].tolist()


@pytest.mark.parametrize("wrong", [
    {"stage": "dreaming"}, {"stage": "lost", "revenue": -1.0}, {"stage": "converted", "revenue": float("nan")},
    {"stage": "converted", "at": pd.Timestamp("2031-01-01", tz="UTC").to_pydatetime()},
])
def test_outcomes_that_cannot_be_are_refused(trained, admin, wrong):
    with pytest.raises(InvalidRequest):
        dossier.record_outcome(trained, admin, client=CLIENT, lead_ids=[1], **wrong)


def test_a_wrong_outcome_is_taken_back_and_the_audit_keeps_what_it_said(workbench, admin):
    _filled(workbench, admin, leads_file(3))
    dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[1, 2], stage="contacted")
    dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[1], stage="converted", revenue=500.0,
                           currency="EUR")
    assert dossier.take_back_outcome(workbench, admin, client=CLIENT, lead_ids=[1, 2, 3]) == 2
    frame = _list(workbench, admin).frame.set_index("lead_id")
    assert frame["outcome"].to_dict() == {1: "contacted", 2: "new", 3: "new"}
    last = governance.audit_events(workbench, admin, client=CLIENT).frame.iloc[0]
    assert last["action"] == "outcome_taken_back"
    assert "500" in str(last["detail"])
    dossier.take_back_outcome(workbench, admin, client=CLIENT, lead_ids=[1])
    with pytest.raises(InvalidRequest, match="Nothing is recorded"):
        dossier.take_back_outcome(workbench, admin, client=CLIENT, lead_ids=[1])


def test_an_owner_can_be_given_and_taken_away(workbench, admin):
    _filled(workbench, admin, leads_file(3))
    dossier.assign_owner(workbench, admin, client=CLIENT, lead_ids=[2], owner=" Kim ")
    assert _list(workbench, admin, owners=("Kim",)).frame["lead_id"].tolist() == [2]
    dossier.assign_owner(workbench, admin, client=CLIENT, lead_ids=[2], owner="")
    assert _list(workbench, admin, owners=("Kim",)).total == 0


@pytest.mark.parametrize("wrong", [
    {"reason": "", "tier": "High"}, {"reason": "  ", "tier": "High"}, {"reason": "because"},
    {"reason": "because", "tier": "Best"}, {"reason": "because", "score": 100.1},
    {"reason": "because", "score": float("nan")},
])
def test_an_override_needs_a_reason_and_something_possible(seen, admin, wrong):
    with pytest.raises(InvalidRequest):
        dossier.override(seen, admin, client=CLIENT, lead_id=1, **wrong)


@pytest.mark.parametrize("mode", ["rank", "capacity", "threshold"])
@pytest.mark.parametrize("by_hand", [{"tier": "Low", "score": 3.0}, {"tier": "Low"}, {"score": 3.0}])
def test_an_override_shows_at_once_and_clearing_it_restores_score_and_tier(trained, admin, mode, by_hand):
    policies.save_policy(trained, admin, client=CLIENT, comment="mode", changes={
        "tier_mode": mode, "capacity": 9, "thresholds": {"qualified": 50, "high": 55, "low": 30}})
    scoring.rescore(trained, admin, client=CLIENT)
    before = _list(trained, admin).frame.set_index("lead_id")
    lead_id = int(before.index[0])
    assert before["tier"][lead_id] == "High"
    dossier.override(trained, admin, client=CLIENT, lead_id=lead_id, reason="spoke to them", **by_hand)
    during = _list(trained, admin).frame.set_index("lead_id")
    assert during["tier"][lead_id] == "Low"
    assert during["score"][lead_id] == by_hand.get("score", before["score"][lead_id])
    dossier.clear_override(trained, admin, client=CLIENT, lead_id=lead_id)
    after = _list(trained, admin).frame.set_index("lead_id")
    pd.testing.assert_frame_equal(after[["score", "tier"]], before[["score", "tier"]])
    assert _detail(trained, admin, lead_id).override is None


@pytest.mark.parametrize("place", [0, 30, 79, 80, 150, -1])
def test_clearing_gives_every_rank_its_own_tier(trained, admin, place):
    before = _list(trained, admin).frame.iloc[place]
    lead_id = int(before["lead_id"])
    for tier in ("High", "Medium", "Low"):
        dossier.override(trained, admin, client=CLIENT, lead_id=lead_id, reason="a guess", tier=tier)
    dossier.clear_override(trained, admin, client=CLIENT, lead_id=lead_id)
    assert _detail(trained, admin, lead_id).tier == before["tier"]


def test_a_detail_says_who_judged_otherwise_and_why(trained, admin):
    dossier.override(trained, admin, client=CLIENT, lead_id=5, reason="met at the fair", score=99)
    detail = _detail(trained, admin, 5)
    assert (detail.override["score"], detail.override["reason"], detail.override["by"]) == (99, "met at the fair",
                                                                                            admin.name)
    assert detail.score == 99
    assert detail.blended < 99
    assert detail.base + sum(reason.effect for reason in detail.reasons) == pytest.approx(detail.blended, abs=1e-6)


def test_an_unscored_lead_still_opens(workbench, admin):
    intake.import_file(workbench, admin, client=CLIENT, source=leads_file(2), filename="a.csv")
    detail = _detail(workbench, admin, 1)
    assert detail.score is None
    assert detail.next_action == "Score the leads first"
    dossier.override(workbench, admin, client=CLIENT, lead_id=1, reason="early", tier="High")
    scoring.rescore(workbench, admin, client=CLIENT)
    assert _detail(workbench, admin, 1).tier == "High"


def test_views_survive_a_job_row():
    view = delivery.ListView(search="x", tiers=("High",), fields=(("city", "is", "Köln"),), columns=("a", "b"),
                             top="20%")
    plain = view.to_dict() | {"unknown": 1}
    plain = {name: list(map(list, value)) if name == "fields" else list(value) if isinstance(value, tuple) else value
             for name, value in plain.items()}
    assert delivery.ListView.from_dict(plain) == view
    assert replace(view, page=2) != view


def test_a_manager_of_one_client_works_there_alone(seen):
    manager = person(Role.MANAGER, CLIENT)
    assert _list(seen, manager).total > 0
    with pytest.raises(NotFound):
        _list(seen, manager, client=OTHER)


def test_what_is_said_of_a_lead_does_not_depend_on_who_else_is_on_the_page(seen, admin):
    whole = _list(seen, admin).frame.iloc[:40].set_index("lead_id")
    alone = pd.concat([_list(seen, admin, page_size=1, page=page + 1).frame for page in range(40)]).set_index("lead_id")
    pd.testing.assert_frame_equal(alone, whole)


@pytest.mark.parametrize("lead_id", [1, 2, 3, 5, 6, 10])
def test_equal_leads_keep_their_places_when_an_override_is_cleared(workbench, admin, lead_id):
    _filled(workbench, admin, leads_file(10, opens="1", clicks="1", sessions="1", employees="50"))
    before = _list(workbench, admin).frame.set_index("lead_id")
    assert before["score"].nunique() == 1
    assert before["tier"].value_counts().to_dict() == {"High": 2, "Medium": 3, "Low": 5}
    dossier.override(workbench, admin, client=CLIENT, lead_id=lead_id, reason="a guess", tier="Low", score=1)
    dossier.clear_override(workbench, admin, client=CLIENT, lead_id=lead_id)
    pd.testing.assert_series_equal(_list(workbench, admin).frame.set_index("lead_id")["tier"], before["tier"])
