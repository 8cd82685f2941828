"""The command line as people script it: one JSON object, promised keys, promised exit codes."""

import json
from datetime import UTC, datetime
from io import StringIO

import pandas as pd
import pytest

from leadscore import cli
from leadscore.modeling.tiers import model as three_tiers
from leadscore.sample.campaign import make_campaign, to_csv_bytes
from tests.services.conftest import NOW, leads_file, row

METRICS = {"roc_auc", "average_precision", "brier", "log_loss", "calibration_error", "capture_at_20", "lift_at_20",
           "precision_at_20"}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LEADSCORE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LEADSCORE_SECRET_KEY", "a secret for tests only, long")
    return tmp_path


def _run(capsys, *words):
    code = cli.main([*map(str, words), "--json"])
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    return code, json.loads(printed)


def _file(folder, content, name="leads.csv"):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def campaign():
    return to_csv_bytes(make_campaign(1_500, 3, end=NOW))


def test_inspect_reads_judges_and_stores_nothing(capsys, home):
    code, answer = _run(capsys, "inspect", _file(home, leads_file(20)))
    assert code == 0
    assert answer["rows"] == 20
    assert answer["delimiter"] == ","
    assert answer["mapping"]["Email"] == "email"
    assert answer["mapping"]["Product interest"] is None
    assert {"columns", "encoding", "issues", "target_candidates"} <= set(answer)
    assert _run(capsys, "leads", "list")[1]["total"] == 0


def test_import_stores_scores_and_counts_every_row(capsys, home):
    code, answer = _run(capsys, "import", _file(home, leads_file(20) + row(0).encode()), "--client", "acme",
                        "--map", "Product interest=notes")
    assert code == 0
    assert answer["rows_read"] == 21
    assert answer["rows_stored"] == 20
    assert answer["duplicates"] == 1
    listed = _run(capsys, "leads", "list", "--client", "acme", "--top", "20%")[1]
    assert listed["total"] == 4
    assert [lead["rank"] for lead in listed["leads"]] == [1, 2, 3, 4]
    shown = _run(capsys, "leads", "show", listed["leads"][0]["lead_id"], "--client", "acme")[1]
    told = shown["base"] + sum(reason["effect"] for reason in shown["reasons"])
    assert told == pytest.approx(shown["score"], abs=0.06)


def test_score_gives_every_row_back_in_its_own_columns(capsys, home):
    target = home / "scored.csv"
    content = leads_file(12).replace(b"Product interest", b"score")
    code, answer = _run(capsys, "score", _file(home, content), "--top", "100%", "--reasons", "2", "--out", target)
    assert code == 0
    assert (answer["rows"], answer["exported"]) == (12, 12)
    assert set(answer["tiers"]) == {"High", "Medium", "Low"}
    frame = pd.read_csv(target, dtype=str)
    assert list(frame.columns[:3]) == ["Record ID", "First Name", "Last Name"]
    assert "input_score" in frame
    assert list(frame.columns[-7:]) == ["rank", "score", "probability", "tier", "qualified", "reason_1", "reason_2"]
    assert sorted(frame["Record ID"]) == sorted(f"r{number}" for number in range(12))
    assert frame["score"].astype(float).is_monotonic_decreasing


def test_train_then_score_then_evaluate(capsys, home, campaign):
    path = _file(home, campaign)
    code, trained = _run(capsys, "train", path, "--target", "Lead Status", "--deploy", "--algorithm", "logistic")
    assert code == 0
    assert set(trained["metrics"]) >= METRICS
    assert set(trained["metrics"]["roc_auc"]) == {"value", "low", "high"}
    assert trained["split"]["kind"] == "forward"
    assert {"model_version", "balance", "set_aside", "suspects", "candidates"} <= set(trained)
    code, scored = _run(capsys, "score", path, "--top", "20%", "--out", home / "top.xlsx")
    assert scored["model_version"] == trained["model_version"]
    assert scored["exported"] == -(-scored["rows"] // 5)
    code, measured = _run(capsys, "evaluate", path, "--target", "Lead Status")
    assert code == 0
    assert measured["positives"] < measured["rows"]
    assert set(measured["metrics"]) >= METRICS
    listed = _run(capsys, "models", "list")[1]["models"]
    assert [(model["version"], model["alias"]) for model in listed] == [(trained["model_version"], "champion")]
    assert _run(capsys, "models", "verify", trained["model_version"])[1]["ok"] is True
    assert _run(capsys, "models", "show", f"v{trained['model_version']}")[1]["report"]["verdict"]


def test_versions_are_compared_challenged_and_rolled_back(capsys, home, campaign):
    _run(capsys, "import", _file(home, campaign))
    for _ in range(2):
        assert _run(capsys, "train", "--algorithm", "logistic", "--balance", "none")[0] == 0
    code, both = _run(capsys, "models", "compare", "1", "2")
    assert (code, both["first"], both["second"], both["overlap"]) == (0, 1, 2, 1.0)
    assert _run(capsys, "models", "challenge", "2")[1]["challenger"] == 2
    deployed = _run(capsys, "models", "deploy", "2")[1]
    assert deployed["rescore_needed"]
    assert "leadscore rescore" in deployed["note"]
    _run(capsys, "rescore")
    code, back = _run(capsys, "models", "rollback")
    assert (code, back["champion"], back["before"], back["checked"]["same_answers"]) == (0, 1, 2, True)
    assert _run(capsys, "models", "card", "2", "--out", home / "card.html")[0] == 0
    assert "Model 2 of default" in (home / "card.html").read_text()
    code, refused = _run(capsys, "models", "card", "2", "--out", home / "nowhere" / "card.html")
    assert (code, refused["error"]["code"]) == (3, "cannot_write")
    code, again = _run(capsys, "models", "retraining", "--on", "--days", "7", "--share", "10%")
    assert (code, again["settings"]["on"], again["settings"]["days"], again["settings"]["share"]) == (0, True, 7, 0.1)
    assert again["sentence"].startswith("Next check: not due")
    assert _run(capsys, "models", "retraining", "--off")[1]["settings"]["on"] is False
    code, verdict = _run(capsys, "models", "verify", "2")
    assert code == 0
    assert verdict["replay"]["leads"] == verdict["replay"]["identical"] > 900
    assert _run(capsys, "models", "rollback", "2")[1]["champion"] == 2
    for path in (home / "home" / "models").glob("*/model.json"):
        path.write_bytes(path.read_bytes() + b" ")
    code, refused = _run(capsys, "models", "rollback")
    assert (code, refused["error"]["code"]) == (3, "tampered_model")


def test_a_policy_leaves_as_a_file_comes_back_changed_is_compared_and_restored(capsys, home):
    code, answer = _run(capsys, "policies", "export", "--out", home / "mine.csv")
    assert code == 0 and answer["bytes"] == (home / "mine.csv").stat().st_size
    content = (home / "mine.csv").read_bytes()
    (home / "mine.csv").write_bytes(content.replace(b'"12"', b'"17"'))
    code, answer = _run(capsys, "policies", "import", home / "mine.csv", "--comment", "They sign")
    assert (code, answer["version"], answer["settings"]) == (0, 2, ["criteria"])
    (home / "mine.csv").write_bytes(content.replace(b'"12"', b'"lots"'))
    code, answer = _run(capsys, "policies", "import", home / "mine.csv")
    assert (code, answer["error"]["code"]) == (3, "wrong_number")
    assert "Row 2, column 'points'" in answer["error"]["message"]
    code, answer = _run(capsys, "policies", "compare", "1", "2")
    assert answer["differences"] == ["Criterion “Decides about purchases”: points 12 → 17"]
    assert _run(capsys, "policies", "restore", "1")[1]["version"] == 3
    listed = _run(capsys, "policies", "list")[1]["policies"]
    assert [version["comment"] for version in listed] == ["Version 1 restored", "They sign", "Default scorecard"]
    assert _run(capsys, "policies", "show", "v3")[1]["policy"]["criteria"][0]["points"] == 12
    for name, words in (("whole.json", ()), ("card.json", ("--scorecard",))):
        assert _run(capsys, "policies", "export", "2", "--out", home / name, *words)[0] == 0
        assert _run(capsys, "policies", "import", home / name)[0] == 0


def test_a_backtest_without_outcomes_says_so(capsys, home):
    code, answer = _run(capsys, "policies", "backtest", "1", "--from", "2026-01-01", "--to", "2026-06-30")
    assert code == 0
    assert answer["figures"] == {} and "too few" in answer["sentence"]


def test_an_experiment_is_planned_before_there_are_leads(capsys, home):
    code, plan = _run(capsys, "experiments", "plan", "--base-rate", "10%", "--effect", "30%", "--share", "0.5")
    assert code == 0
    assert plan["leads_on_top_with_one_look"] == {"champion": 1774, "challenger": 1774}
    assert plan["leads"] == 5 * sum(plan["leads_on_top"].values()) and plan["days"] is None
    points = _run(capsys, "experiments", "plan", "--base-rate", "10%", "--difference", "3%")[1]
    assert points["effect"] == pytest.approx(0.3)
    assert _run(capsys, "experiments", "status") == (0, {"experiment": None, "all": []})


def test_an_experiment_runs_from_start_to_stop(capsys, home):
    path = _file(home, to_csv_bytes(make_campaign(400, 3, end=NOW)))
    assert _run(capsys, "import", path)[0] == 0
    for more in (["--deploy"], ["--drop", "Job Title"]):
        assert _run(capsys, "train", "--algorithm", "logistic", "--balance", "none", *more)[0] == 0
    code, started = _run(capsys, "experiments", "start", "2", "--share", "30%", "--base-rate", "20%")
    assert code == 0
    assert (started["champion"], started["challenger"], started["status"]) == (1, 2, "running")
    assert started["scored"]["experiment"]["put_into_arms"] > 0
    code, shown = _run(capsys, "experiments", "status", "1")
    assert code == 0 and shown["result"]["finding"] == "too early"
    assert _run(capsys, "experiments", "start", "2")[1]["error"]["code"] == "experiment_running"
    code, stopped = _run(capsys, "experiments", "stop", "--deploy")
    assert (code, stopped["decision"], stopped["scored"]["model_version"]) == (0, "deploy_challenger", 2)


def test_rescoring_is_one_call(capsys, home):
    _run(capsys, "import", _file(home, leads_file(20)))
    code, answer = _run(capsys, "rescore")
    assert (code, answer["rows"], answer["model_version"], answer["policy_version"]) == (0, 20, None, 1)


def test_demo_does_the_main_job_with_nothing_to_upload(capsys, home):
    code, answer = _run(capsys, "demo", "--leads", "1500", "--seed", "3", "--out", home / "out")
    assert code == 0
    assert answer["leads"] >= 1_500
    assert set(answer["metrics"]) >= METRICS
    exported = pd.read_csv(answer["export"]["path"], dtype=str)
    assert len(exported) == answer["export"]["rows"] > 200


def test_demo_in_three_tiers_is_held_against_the_best_possible(capsys, home, monkeypatch):
    monkeypatch.setattr(three_tiers.fit_tier_trees, "__kwdefaults__", {"rounds": 30})
    code, answer = _run(capsys, "demo", "--three-tiers", "--leads", "600", "--out", home / "out")
    assert code == 0
    assert (answer["leads"], answer["algorithm"]) == (600, "three_tiers")
    assert set(answer["metrics"]) >= METRICS | {"accuracy", "macro_recall", "high_recall"}
    new = answer["new_leads"]
    assert new["share_of_best"] == pytest.approx(new["accuracy"]["value"] / new["best_possible"])
    exported = pd.read_csv(answer["export"]["path"])
    assert len(exported) == answer["export"]["rows"] == 24
    assert {"tier", "confidence", "reason_1"} <= set(exported)


def test_the_log_verifies_and_a_changed_byte_is_named(capsys, home):
    _run(capsys, "import", _file(home, leads_file(5)))
    code, verdict = _run(capsys, "audit", "verify")
    assert (code, verdict["ok"], verdict["broken_at"]) == (0, True, None)
    import sqlite3
    with sqlite3.connect(home / "home" / "data" / "leadscore.db") as database:
        database.execute("UPDATE audit_events SET actor = 'nobody' WHERE seq = 2")
    code, verdict = _run(capsys, "audit", "verify")
    assert (code, verdict["ok"], verdict["broken_at"]) == (3, False, 2)
    assert _run(capsys, "audit", "list")[1]["records"] >= 2


def test_users_are_added_with_a_password_from_stdin(capsys, home, monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO("correct horse battery\n"))
    code, answer = _run(capsys, "users", "add", "ann", "--role", "analyst", "--client", "acme")
    assert (code, answer["user"], answer["role"], answer["clients"]) == (0, "ann", "analyst", ["acme"])


@pytest.mark.parametrize("typed", ["short\n", "\n", "correct horse battery\nanother battery horse\n"])
def test_a_weak_or_mistyped_password_is_refused(capsys, home, monkeypatch, typed):
    monkeypatch.setattr("sys.stdin", StringIO(typed))
    code, answer = _run(capsys, "users", "add", "ann", "--role", "analyst")
    assert code == 3
    assert set(answer["error"]) == {"code", "message", "hint"}


@pytest.mark.parametrize(("words", "code"), [
    (["score", "missing.csv"], "file_not_found"),
    (["models", "show", "99"], "unknown_model"),
    (["models", "show", "x"], "unknown_model"),
    (["leads", "show", "12"], "unknown_client"),
    (["train"], "unknown_client"),
    (["experiments", "start", "2"], "unknown_client"),
    (["experiments", "stop"], "unknown_client"),
    (["experiments", "plan", "--base-rate", "200%"], "wrong_base_rate"),
    (["train", "--map", "Email=email"], "map_without_file"),
])
def test_what_cannot_be_done_is_refused_with_exit_3_and_a_coded_sentence(capsys, words, code):
    exit_code, answer = _run(capsys, *words)
    assert exit_code == 3
    assert answer["error"]["code"] == code
    assert answer["error"]["message"].endswith(".")


@pytest.mark.parametrize("words", [[], ["nonsense"], ["score"], ["users", "add", "x", "--role", "king"],
                                   ["demo", "--leads", "3"], ["leads", "list", "--limit", "0"],
                                   ["experiments", "plan", "--share", "some"],
                                   ["experiments", "plan", "--effect", "nan"],
                                   ["experiments", "plan", "--effect", "20%", "--difference", "2%"]])
def test_wrong_usage_exits_2(words):
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    assert stopped.value.code == 2


def test_without_json_the_answer_is_readable_lines_and_refusals_go_to_stderr(capsys, home):
    assert cli.main(["inspect", str(_file(home, leads_file(3)))]) == 0
    assert "rows: 3" in capsys.readouterr().out
    assert cli.main(["inspect", str(_file(home, b"", "empty.csv"))]) == 3
    heard = capsys.readouterr()
    assert heard.out == ""
    assert "empty_file" in heard.err


def test_a_report_is_written_to_a_file_or_into_a_folder(capsys, home):
    assert _run(capsys, "import", _file(home, leads_file(20)), "--client", "acme")[0] == 0
    code, answer = _run(capsys, "report", "--client", "acme", "--from", "2026-01-01", "--source", "Referral",
                        "--out", home / "mine.html")
    assert code == 0
    assert answer["leads"] == "Leads that came in since 1 Jan 2026, source Referral"
    assert (home / "mine.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    code, answer = _run(capsys, "report", "--client", "acme", "--out", home)
    assert (home / f"performance_acme_{datetime.now(UTC):%Y-%m-%d}.html").stat().st_size == answer["bytes"]
    for words, name in ((("--out", home / "mine.PDF"), "mine.PDF"),
                        (("--format", "pdf", "--out", home), f"performance_acme_{datetime.now(UTC):%Y-%m-%d}.pdf")):
        assert _run(capsys, "report", "--client", "acme", *words)[0] == 0
        assert (home / name).read_bytes().startswith(b"%PDF")
    code, refused = _run(capsys, "report", "--client", "nobody", "--out", home / "none.html")
    assert (code, refused["error"]["code"]) == (3, "unknown_client")
    assert not (home / "none.html").exists()


def test_health_backup_and_restore_on_the_command_line(capsys, home, monkeypatch):
    code, answer = _run(capsys, "health")
    assert (code, answer["state"]) == (0, "warn")
    assert {check["name"] for check in answer["checks"]} >= {"store", "integrity", "secret", "disk", "worker"}
    _run(capsys, "import", _file(home, leads_file(5)))
    code, answer = _run(capsys, "backup", "--out", home / "b")
    assert code == 0 and answer["rows"] > 5
    code, refused = _run(capsys, "restore", answer["file"])
    assert (code, refused["error"]["code"]) == (3, "home_in_use")
    monkeypatch.setenv("LEADSCORE_HOME", str(home / "another"))
    code, restored = _run(capsys, "restore", answer["file"])
    assert code == 0 and restored["replaced"] is None
    assert _run(capsys, "leads", "list")[1]["total"] == 5
    (home / "another" / "data" / "leadscore.db").write_bytes(b"no database" * 900)
    code, answer = _run(capsys, "health")
    assert (code, answer["state"]) == (3, "fail")


def test_a_fault_has_a_number_and_says_nothing_of_data(capsys, home, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("mia@example.org has the password hunter2")

    monkeypatch.setattr(cli.work.intake, "inspect_file", broken)
    code, answer = _run(capsys, "inspect", _file(home, leads_file(2)))
    assert (code, answer["error"]["code"]) == (1, "internal_fault")
    assert answer["error"]["id"] in caplog.text and "hunter2" not in caplog.text


def test_compliance_reports_are_written_listed_and_made_again(capsys, home):
    assert _run(capsys, "import", _file(home, leads_file(20)), "--client", "acme")[0] == 0
    days = ("--from", "2026-01-01", "--to", "2030-12-31")
    for words, name, start in ((("risks",), "risks.PDF", b"%PDF"),
                               (("access", *days), "access.html", b"<!doctype html>"),
                               (("soc2", *days), "soc2.csv", b"\xef\xbb\xbf")):
        code, answer = _run(capsys, "compliance", *words, "--client", "acme", "--out", home / name)
        assert (code, answer["kind"]) == (0, words[0])
        assert (home / name).read_bytes().startswith(start)
    listed = _run(capsys, "compliance", "--list", "--client", "acme")[1]["reports"]
    assert [report["kind"] for report in listed] == ["soc2", "access", "risks"]
    code, again = _run(capsys, "compliance", "--again", listed[1]["report"], "--client", "acme")
    assert (code, again["same"]) == (0, True)


@pytest.mark.parametrize(("words", "code"), [
    (("risks",), "nothing_asked"), (("access", "--out", "x.html"), "no_period"),
    (("notice", "--lead", "99", "--out", "x.html"), "unknown_lead"), (("--again", "99"), "unknown_report"),
    (("processing", "--out", "x.csv"), "no_records")])
def test_what_a_compliance_report_lacks_is_a_refusal(capsys, home, words, code):
    assert _run(capsys, "import", _file(home, leads_file(20)))[0] == 0
    assert _run(capsys, "compliance", *words)[1]["error"]["code"] == code
