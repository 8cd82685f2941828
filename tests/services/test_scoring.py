"""A score is made of a lead, a policy, a model and a date; nothing else moves it, and no row is ever lost."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from leadscore.errors import Cancelled, Forbidden, InvalidRequest, NotFound, UnreadableFile
from leadscore.scoring.reasons import OTHERS
from leadscore.services import delivery, dossier, intake, policies, scoring
from leadscore.store import scores as score_rows
from leadscore.store.database import read
from tests.services.conftest import CLIENT, HEADER, NOW, leads_file, row, workbench_at

pytestmark = pytest.mark.usefixtures("read_here")

NUMBERS = ["rule_score", "probability", "blended", "score", "fit", "engagement"]


def _stored(workbench, client_id=1) -> pd.DataFrame:
    with read(workbench.engine) as session:
        return score_rows.page(session, client_id, limit=10_000).sort_index()


def _score(workbench, actor, data, **more):
    return scoring.score_file(workbench, actor, client=CLIENT, source=data, filename="leads.csv", **more)


def _import(workbench, actor, data):
    return intake.import_file(workbench, actor, client=CLIENT, source=data, filename="leads.csv").batch_id


# --- stored leads -------------------------------------------------------------------------------------------


def test_scoring_the_same_leads_twice_gives_the_same_scores_and_a_longer_history(trained, admin):
    before = _stored(trained)
    scoring.rescore(trained, admin, client=CLIENT)
    after = _stored(trained)
    pd.testing.assert_frame_equal(after[[*NUMBERS, "tier"]], before[[*NUMBERS, "tier"]])
    assert (after["run_id"] > before["run_id"]).all()
    history = dossier.lead_detail(trained, admin, client=CLIENT, lead_id=1).history
    assert len(history) == 2
    assert history["model_version"].tolist() == [1, 1]


def test_the_number_of_leads_read_at_a_time_changes_nothing(trained, admin, monkeypatch):
    before = _stored(trained)
    monkeypatch.setattr(scoring, "CHUNK", 7)
    scoring.rescore(trained, admin, client=CLIENT)
    pd.testing.assert_frame_equal(_stored(trained)[[*NUMBERS, "tier"]], before[[*NUMBERS, "tier"]])


def test_another_policy_gives_other_scores(trained, admin):
    before = _stored(trained)
    policies.save_policy(trained, admin, client=CLIENT, changes={"alpha": 0.7}, comment="mostly rules")
    result = scoring.rescore(trained, admin, client=CLIENT)
    after = _stored(trained)
    assert result.policy_version == 2
    np.testing.assert_allclose(after["blended"], 0.7 * after["rule_score"] + 30 * after["probability"])
    assert not np.allclose(after["blended"], before["blended"])
    for lead_id in (1, 50, 300):
        detail = dossier.lead_detail(trained, admin, client=CLIENT, lead_id=lead_id)
        assert {reason.source for reason in detail.reasons} >= {"rule and model"}
        effects = sum(reason.effect for reason in detail.reasons if reason.code != OTHERS)
        # without the line that takes up what is small, so that a factor gone missing would show
        assert detail.base + effects == pytest.approx(after["blended"][lead_id], abs=1.0)


def test_an_override_survives_and_what_rules_and_model_say_stays_beside_it(trained, admin):
    said = _stored(trained).loc[3]
    dossier.override(trained, admin, client=CLIENT, lead_id=3, reason="met them", tier="High", score=88.0)
    scoring.rescore(trained, admin, client=CLIENT)
    now = _stored(trained).loc[3]
    assert (now["score"], now["tier"]) == (88.0, "High")
    for name in ("rule_score", "probability", "blended"):
        assert now[name] == said[name]
    assert dossier.lead_detail(trained, admin, client=CLIENT, lead_id=3).override["reason"] == "met them"


@pytest.mark.parametrize("by_hand", [{"score": 99.0}, {"score": 1.0}, {"tier": "Medium"}])
def test_scoring_again_says_of_an_override_what_was_shown_when_it_was_made(trained, admin, by_hand):
    dossier.override(trained, admin, client=CLIENT, lead_id=3, reason="met them", **by_hand)
    before = _stored(trained)[["score", "tier"]]
    scoring.rescore(trained, admin, client=CLIENT)
    pd.testing.assert_frame_equal(_stored(trained)[["score", "tier"]], before)


def test_tiers_by_rank_are_about_all_leads_after_an_import_too(workbench, admin):
    _import(workbench, admin, leads_file(20))
    scoring.rescore(workbench, admin, client=CLIENT)
    dossier.override(workbench, admin, client=CLIENT, lead_id=1, reason="keep", tier="High")
    tail = "".join(row(number, opens="50", clicks="20", sessions="40") for number in range(100, 110))
    batch_id = _import(workbench, admin, HEADER.encode() + tail.encode())
    scored = scoring.rescore(workbench, admin, client=CLIENT, batch_id=batch_id)
    assert scored.rows == 10
    after_import = _stored(workbench)[["score", "tier"]]
    scoring.rescore(workbench, admin, client=CLIENT)
    pd.testing.assert_frame_equal(_stored(workbench)[["score", "tier"]], after_import)
    # 6 of 30 are the best fifth, and the one set by hand stays
    assert (after_import["tier"] == "High").sum() in (6, 7)
    assert after_import["tier"][1] == "High"


def test_rules_alone_score_while_there_is_no_model(workbench, admin):
    _import(workbench, admin, leads_file(10))
    result = scoring.rescore(workbench, admin, client=CLIENT)
    stored = _stored(workbench)
    assert result.model_version is None
    assert stored["probability"].isna().all()
    np.testing.assert_array_equal(stored["blended"], stored["rule_score"])


def test_a_client_without_leads_is_scored_without_a_run(workbench, admin):
    _import(workbench, admin, leads_file(1))
    intake.undo_import(workbench, admin, client=CLIENT, batch_id=1)
    assert scoring.rescore(workbench, admin, client=CLIENT).run_id is None


def test_an_unknown_client_has_nothing_to_score_and_a_viewer_may_not(workbench, admin, viewer):
    with pytest.raises(Forbidden):
        scoring.rescore(workbench, viewer, client=CLIENT)
    result = scoring.rescore(workbench, admin, client="new one")
    assert result.rows == 0


def test_a_stopped_scoring_leaves_the_old_scores(trained, admin):
    before = _stored(trained)

    def stop(fraction, _message):
        if fraction >= 0.9:
            raise Cancelled("cancelled", "Stopped.", "")

    with pytest.raises(Cancelled):
        scoring.rescore(trained, admin, client=CLIENT, progress=stop)
    pd.testing.assert_frame_equal(_stored(trained), before)


# --- files --------------------------------------------------------------------------------------------------


def test_a_scored_file_has_the_scores_its_leads_have_in_the_store(seen, admin, campaign_file):
    scored = _score(seen, admin, campaign_file)
    stored = delivery.list_leads(seen, admin, client=CLIENT,
                                 view=delivery.ListView(page_size=1_000, columns=("crm_id",))).frame
    by_file = scored.frame.drop_duplicates("Record ID").set_index("Record ID")
    by_store = stored.set_index("CRM id")
    known = by_store.index.intersection(by_file.index)
    assert len(known) > 350
    assert scored.model_version == 1
    # a row that another row has updated since is not the same lead any more
    same = np.isclose(by_file.loc[known, "score"], by_store.loc[known, "score"], atol=0.051)
    assert same.mean() > 0.97
    assert np.isclose(by_file.loc[known, "probability"], by_store.loc[known, "probability"], atol=1e-4)[same].all()


def test_one_row_alone_scores_as_it_does_among_others(seen, admin):
    whole = _score(seen, admin, leads_file(12)).frame.set_index("Record ID")
    for number in (0, 5, 11):
        alone = _score(seen, admin, HEADER.encode() + row(number).encode()).frame.iloc[0]
        assert alone["score"] == whole["score"][f"r{number}"]
        assert alone["reason_1"] == whole["reason_1"][f"r{number}"]


def test_no_row_of_a_file_is_dropped_or_merged(seen, admin):
    odd = leads_file(10) + (row(3) + HEADER + row(11).strip() + ",surplus\n" + "r77,Only,Name\n" + row(3)).encode()
    scored = _score(seen, admin, odd)
    assert scored.rows == len(scored.frame) == scored.exported == 15
    assert (scored.frame["Record ID"] == "r3").sum() == 3
    assert (scored.frame["Record ID"] == "Record ID").sum() == 1
    assert scored.frame["score"].between(0, 100).all()
    assert sum(scored.tiers.values()) == 15


def test_the_users_columns_come_back_as_they_were(seen, admin):
    scored = _score(seen, admin, leads_file(9, title="  Head   of Sales ", created="01.10.2026"))
    assert list(scored.frame.columns[:18]) == HEADER.strip().split(",")
    assert set(scored.frame["Create Date"]) == {"01.10.2026"}
    assert list(scored.frame.columns[18:23]) == ["rank", "score", "probability", "tier", "qualified"]


@pytest.mark.parametrize(("headers", "renamed"), [
    (["score"], ["input_score"]),
    (["score", "input_score"], ["input_input_score", "input_score"]),
    (["input_score", "score", "tier", "reason_1"], ["input_score", "input_input_score", "input_tier",
                                                    "input_reason_1"]),
])
def test_columns_called_like_ours_are_kept_under_another_name(seen, admin, headers, renamed):
    lines = [row(number).strip() + "".join(f",{name}!{number}" for name in headers) + "\n" for number in range(3)]
    frame = _score(seen, admin, (HEADER.strip() + "," + ",".join(headers) + "\n" + "".join(lines)).encode()).frame
    assert frame.columns.is_unique
    for header, name in zip(headers, renamed, strict=True):
        assert frame[name].str.startswith(f"{header}!").all()


@pytest.mark.parametrize(("top", "rows"), [("20%", 4), ("3", 3), ("100%", 20), (None, 20), ("999", 20)])
def test_the_best_of_a_file_are_its_best(seen, admin, top, rows):
    whole = _score(seen, admin, leads_file(20)).frame
    best = _score(seen, admin, leads_file(20), top=top)
    assert (best.rows, best.exported) == (20, rows)
    pd.testing.assert_frame_equal(best.frame, whole.head(rows))


@pytest.mark.parametrize("reasons", [0, 1, 50])
def test_as_many_reasons_as_wanted(seen, admin, reasons):
    frame = _score(seen, admin, leads_file(4), reasons=reasons).frame
    assert sum(name.startswith("reason_") for name in frame.columns) == reasons


def test_versions_can_be_named(trained, admin):
    policies.save_policy(trained, admin, client=CLIENT, changes={"alpha": 1.0}, comment="rules")
    by_rules = _score(trained, admin, leads_file(5), policy="2").frame
    pd.testing.assert_series_equal(by_rules["score"], _score(trained, admin, leads_file(5)).frame["score"])
    without = _score(trained, admin, leads_file(5), model="none")
    assert without.model_version is None
    assert without.frame["probability"].isna().all()
    np.testing.assert_allclose(np.sort(without.frame["score"]), np.sort(by_rules["score"]))
    assert _score(trained, admin, leads_file(5), policy="1").policy_version == 1


@pytest.mark.parametrize("wrong", [{"model": "7"}, {"policy": "7"}])
def test_versions_nobody_has_are_not_found(seen, admin, wrong):
    with pytest.raises(NotFound):
        _score(seen, admin, leads_file(2), **wrong)


@pytest.mark.parametrize("wrong", [{"model": "best"}, {"policy": "x"}, {"top": "0"}, {"top": "-5%"}, {"top": "101%"},
                                   {"overrides": ["Nonsense=email"]}, {"overrides": ["Email=nonsense"]}])
def test_impossible_wishes_are_refused(seen, admin, wrong):
    with pytest.raises(InvalidRequest):
        _score(seen, admin, leads_file(2), **wrong)


def test_a_file_that_is_no_table_is_refused(seen, admin):
    with pytest.raises(UnreadableFile):
        _score(seen, admin, b"\x00\x01")


def test_a_correction_of_the_mapping_counts(seen, admin):
    plain = _score(seen, admin, leads_file(3)).frame["score"]
    without = _score(seen, admin, leads_file(3), overrides=["Job Title="]).frame["score"]
    assert not np.allclose(plain, without)


def test_the_same_file_scores_the_same_a_year_later(trained_home, seen, admin):
    old = leads_file(10, created="2025-01-05")
    later = workbench_at(trained_home, clock=lambda: NOW + timedelta(days=365))
    pd.testing.assert_frame_equal(_score(seen, admin, old).frame, _score(later, admin, old).frame)
    later.engine.dispose()
