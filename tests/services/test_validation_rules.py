"""A client's own rules hold for every import: counted, reported, and never a row lost without a word."""

import pytest

from leadscore.access import Role
from leadscore.errors import InvalidRequest
from leadscore.services import governance, intake, validation_rules
from tests.services.conftest import CLIENT, leads_file, person, row

pytestmark = pytest.mark.usefixtures("read_here")

SIZE = {"field": "employees", "check": "range", "consequence": "reject", "low": 20, "high": 30}
MAIL = {"field": "email", "check": "pattern", "consequence": "empty", "pattern": r".*@firm[0-3]\.example"}
INTEREST = {"field": "custom:Product interest", "check": "one_of", "consequence": "flag", "values": ["CRM"]}
FILE = leads_file(30)


def _save(bench, *rules):
    return validation_rules.save_rules(bench, person(Role.ADMIN), client=CLIENT, rules=rules)


def _import(bench, data=FILE):
    return intake.import_file(bench, person(Role.ADMIN), client=CLIENT, source=data, filename="leads.csv")


def test_rejected_rows_are_counted_and_reported(workbench, admin):
    _save(workbench, SIZE)
    done = _import(workbench)
    # companies have 10 to 39 people
    assert (done.rejected, done.rows_stored) == (19, 11)
    assert done.rows_read == done.rows_stored + done.updated + done.duplicates + done.rejected
    assert done.issues["rule_range"] == 19
    report = intake.issue_report(workbench, admin, client=CLIENT, batch_id=done.batch_id).decode()
    assert "Number of Employees,rule_range,error,Your rule: this must lie between 20 and 30" in report.replace('"', "")
    again = _import(workbench, FILE + row(99, employees="5000").encode())
    assert again.rows_read == again.rows_stored + again.updated + again.duplicates + again.rejected == 31
    assert again.rejected == 20


def test_what_a_rule_empties_is_not_stored(workbench, admin):
    _import(workbench, leads_file(1))
    _save(workbench, MAIL, INTEREST)
    done = _import(workbench)
    assert (done.rejected, done.issues["rule_pattern"], done.issues["rule_one_of"]) == (0, 12, 30)
    found = validation_rules.try_rule(workbench, admin, client=CLIENT,
                                      rule={"field": "email", "check": "required"})
    assert (found.broken, found.total) == (12, 30)


def test_a_person_sees_beforehand_what_the_rules_will_do(workbench, admin):
    _save(workbench, SIZE)
    staged = intake.stage_upload(workbench, admin, client=CLIENT, data=FILE, filename="leads.csv")
    seen = intake.inspect_upload(workbench, admin, client=CLIENT, upload_id=staged)
    assert (seen.issues["code"] == "rule_range").sum() == 19
    mapping = {match.header: match.field for match in seen.matches}
    check = intake.check_upload(workbench, admin, client=CLIENT, upload_id=staged, sheet=None, mapping=mapping,
                                choices={})
    assert check.will_reject == 19


def test_a_rule_is_tried_on_stored_leads_before_it_is_saved(workbench, admin):
    _import(workbench)
    found = validation_rules.try_rule(workbench, person(Role.VIEWER, CLIENT), client=CLIENT, rule=SIZE)
    assert (found.asks, found.broken, found.leads, found.total) == ("must lie between 20 and 30", 19, 30, 30)
    assert found.examples == (1, 2, 3, 4, 5)
    assert validation_rules.list_rules(workbench, admin, client=CLIENT).rules == ()


def test_rules_are_told_in_words_under_the_clients_own_headers(workbench, admin):
    _import(workbench)
    told = _save(workbench, SIZE, INTEREST)
    assert [(view.label, view.asks) for view in told] == [
        ("Number of Employees", "must lie between 20 and 30"), ("Product interest", "must be one of CRM")]
    listed = validation_rules.list_rules(workbench, admin, client=CLIENT)
    assert listed.rules == told
    assert {"Number of Employees", "Product interest"} <= {field.label for field in listed.fields[:25]}
    event = governance.audit_events(workbench, admin, action="validation_rules_saved").frame.iloc[0]
    assert '"before":[]' in event["detail"].replace(" ", "")


@pytest.mark.parametrize("wrong", [
    SIZE | {"low": 40}, SIZE | {"field": "shoe_size"}, MAIL | {"pattern": "("}, INTEREST | {"values": []}, {}])
def test_a_wrong_rule_is_refused_and_the_old_ones_stay(workbench, admin, wrong):
    _import(workbench)
    _save(workbench, SIZE)
    with pytest.raises(InvalidRequest):
        _save(workbench, INTEREST, wrong)
    with pytest.raises(InvalidRequest):
        validation_rules.try_rule(workbench, admin, client=CLIENT, rule=wrong)
    assert [view.rule["field"] for view in validation_rules.list_rules(workbench, admin, client=CLIENT).rules] == [
        "employees"]


def test_rules_of_one_client_are_none_of_anothers(workbench, admin):
    _save(workbench, SIZE)
    done = intake.import_file(workbench, admin, client="other", source=FILE, filename="leads.csv")
    assert done.rejected == 0


def test_when_every_row_is_rejected_the_sum_still_holds(workbench, admin):
    _save(workbench, {"field": "city", "check": "required", "consequence": "reject"})
    done = _import(workbench)
    assert (done.rows_read, done.rejected, done.rows_stored) == (30, 30, 0)


@pytest.mark.parametrize("wrong", [
    {"check": []}, {"consequence": {}}, {"check": "pattern", "pattern": "a\ud800"}, {"field": None},
    {"check": "range", "field": "employees", "low": 10**400}, {"check": "one_of", "values": ["\ud800"]},
    {"check": "longest", "longest": float("inf")}])
def test_a_rule_of_wrong_kinds_is_refused_in_words(seen, admin, wrong):
    rule = {"field": "industry", "check": "required"} | wrong
    with pytest.raises(InvalidRequest):
        validation_rules.try_rule(seen, admin, client=CLIENT, rule=rule)
    for nothing in (["industry"], [None], ["x"]):
        with pytest.raises(InvalidRequest):
            validation_rules.save_rules(seen, admin, client=CLIENT, rules=nothing)


def test_a_length_beyond_all_texts_asks_nothing(seen, admin):
    rule = {"field": "industry", "check": "longest", "longest": 10**400}
    assert validation_rules.try_rule(seen, admin, client=CLIENT, rule=rule).broken == 0
