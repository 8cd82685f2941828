import pandas as pd
import pytest

from leadscore.ingest.outcomes import dated_by_history, outcome_stage, parse_outcome, stage_steps
from tests.ingest.raw import text

STATUSES = [
    # HubSpot
    ("Subscriber", "new"),
    ("Marketing Qualified Lead", "qualified"),
    ("salesqualifiedlead", "qualified"),
    ("Opportunity", "qualified"),
    ("Customer", "converted"),
    ("Evangelist", "converted"),
    ("OPEN_DEAL", "qualified"),
    ("IN_PROGRESS", "contacted"),
    ("ATTEMPTED_TO_CONTACT", "contacted"),
    ("UNQUALIFIED", "lost"),
    ("BAD_TIMING", "contacted"),
    ("closedwon", "converted"),
    ("closedlost", "lost"),
    ("appointmentscheduled", "qualified"),
    # Salesforce
    ("Open - Not Contacted", "new"),
    ("Working - Contacted", "contacted"),
    ("Closed - Converted", "converted"),
    ("Closed - Not Converted", "lost"),
    ("Closed Won", "converted"),
    ("Negotiation/Review", "qualified"),
    # Zoho
    ("Lost Lead", "lost"),
    ("Junk Lead", "lost"),
    ("Pre Qualified", "qualified"),
    ("Not Qualified", "lost"),
    ("Contact in Future", "contacted"),
    ("Not Contacted", "new"),
    # Dynamics and Pipedrive
    ("Disqualified", "lost"),
    ("No Longer Interested", "lost"),
    ("Cannot Contact", "lost"),
    ("Won", "converted"),
    ("Lost", "lost"),
    ("Contact Made", "contacted"),
    ("Open", "new"),
    # never seen before
    ("Lost - no budget", "lost"),
    ("Won (renewal)", "converted"),
    ("Not converted yet", "lost"),
    ("Proposal in review", "qualified"),
]


@pytest.mark.parametrize(("status", "stage"), STATUSES)
def test_a_status_of_any_crm_is_understood(status: str, stage: str) -> None:
    assert parse_outcome(status) == stage


@pytest.mark.parametrize("status", ["", "Blue", "Maharashtra", "Potential customer", "No sale, customer abroad", "42"])
def test_a_word_that_says_nothing_about_the_outcome_is_not_guessed(status: str) -> None:
    assert parse_outcome(status) is None


def flags(*values: bool | None) -> pd.Series:
    return pd.Series(list(values), dtype="boolean")


def test_in_a_two_valued_column_no_means_lost() -> None:
    found = outcome_stage(pd.DataFrame({"converted": flags(True, False, None)}))
    assert found["stage"].tolist() == ["converted", "lost", "new"]
    assert found["open"].tolist() == [False, False, True]


def test_a_column_that_only_says_no_has_not_been_filled_in_yet() -> None:
    assert outcome_stage(pd.DataFrame({"converted": flags(False, False)}))["stage"].tolist() == ["new", "new"]


def test_an_open_status_beside_a_no_is_still_open() -> None:
    leads = pd.DataFrame({"converted": flags(True, False, False), "stage": text("Qualified", "Contacted", "Junk Lead")})
    assert outcome_stage(leads)["stage"].tolist() == ["converted", "contacted", "lost"]


def test_contradictions_are_flagged_and_the_plain_answer_wins() -> None:
    leads = pd.DataFrame({"converted": flags(True, False, True), "stage": text("Lost Lead", "Customer", "Customer")})
    found = outcome_stage(leads)
    assert found["stage"].tolist() == ["converted", "lost", "converted"]
    assert found["contradictory"].tolist() == [True, True, False]


def test_dates_and_reasons_alone_tell_the_outcome() -> None:
    moment = pd.Timestamp("2026-01-05", tz="UTC")
    leads = pd.DataFrame(
        {
            "converted_at": pd.Series([moment, pd.NaT, pd.NaT]).astype("datetime64[us, UTC]"),
            "lost_reason": pd.Series([None, "price", None], dtype="str"),
        }
    )
    found = outcome_stage(leads)
    assert found["stage"].tolist() == ["converted", "lost", "new"]
    assert found["at"].tolist()[0] == moment


def test_the_expected_closing_date_of_an_open_deal_is_no_conversion() -> None:
    moment = pd.Series([pd.Timestamp("2027-01-05", tz="UTC")]).astype("datetime64[us, UTC]")
    found = outcome_stage(pd.DataFrame({"stage": text("Negotiation"), "converted_at": moment}))
    assert found["stage"].tolist() == ["qualified"]
    assert found["at"].isna().all()


def test_leads_without_outcome_columns_are_new() -> None:
    assert outcome_stage(pd.DataFrame({"email": text("a@b.de")}))["stage"].tolist() == ["new"]
    assert len(outcome_stage(pd.DataFrame({"stage": text()}))) == 0


@pytest.mark.parametrize(
    "history",
    [
        "New (2024-01-02) > Contacted (2024-01-05)",
        "2024-01-02: New; 2024-01-05: Contacted",
        "Contacted 2024-01-05 | New 2024-01-02",
        "New on 2 January 2024\nContacted on 5 January 2024",
        '[{"stage": "New", "date": "2024-01-02"}, {"status": "Contacted", "at": "2024-01-05"}]',
    ],
)
def test_a_history_of_stages_is_read_in_order_of_time(history: str) -> None:
    steps = stage_steps(text(None, history, "nothing"))
    assert list(zip(steps["row"], steps["stage"], steps["at"].dt.date.astype(str), strict=True)) == [
        (1, "new", "2024-01-02"),
        (1, "contacted", "2024-01-05"),
    ]


@pytest.mark.parametrize("history", ["", "New > Contacted", "[", "[1, 2]", "[{}]", "2024-01-02"])
def test_a_history_without_stages_and_dates_is_empty(history: str) -> None:
    assert len(stage_steps(text(history))) == 0
    assert len(stage_steps(text())) == 0


HISTORIES = text("New 2024-01-02 > Contacted 2024-01-05 > Won 2024-02-01", "Contacted 2024-01-05", None)


def test_a_history_dates_the_stage_that_other_columns_tell() -> None:
    told = outcome_stage(pd.DataFrame({"stage": text("Closed Won", "Qualified", "Lost")}))
    found = dated_by_history(told, stage_steps(HISTORIES), is_told=True)
    assert found["stage"].tolist() == ["converted", "qualified", "lost"]
    assert found["at"].notna().tolist() == [True, False, False]
    assert str(found["at"].iloc[0].date()) == "2024-02-01"


def test_a_history_alone_tells_the_stage() -> None:
    found = dated_by_history(outcome_stage(pd.DataFrame({"email": text("a", "b", "c")})), stage_steps(HISTORIES),
                             is_told=False)
    assert found["stage"].tolist() == ["converted", "contacted", "new"]
    assert found["open"].tolist() == [False, True, True]
