from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest
from leadscore.ingest.mapping import (
    as_mapping,
    check_mapping,
    map_headers,
    parse_overrides,
    shape_key,
    target_candidates,
)
from leadscore.ingest.readers import read_table
from leadscore.schema import FIELD_BY_NAME, FIELDS, normalise_header
from tests.ingest.raw import raw_table
from tests.shared_data import shared_file


def mapped(columns: dict[str, list[str]], remembered: dict[str, str | None] | None = None) -> dict[str, str | None]:
    raw = raw_table(columns)
    return as_mapping(map_headers(list(raw.frame.columns), raw.frame, remembered))


def empty(*headers: str) -> dict[str, list[str]]:
    return {header: ["", ""] for header in headers}


def test_an_alias_means_one_field_only() -> None:
    counts = Counter(alias for field in FIELDS for alias in field.aliases)
    assert [alias for alias, count in counts.items() if count > 1] == []
    assert all(alias == normalise_header(alias) for alias in counts)


CRM_HEADERS = {
    "HubSpot": {
        "Record ID": "crm_id",
        "First Name": "first_name",
        "Last Name": "last_name",
        "Email": "email",
        "Phone Number": "phone",
        "Mobile Phone Number": "mobile",
        "Job Title": "job_title",
        "Company Name": "company",
        "Lifecycle Stage": "stage",
        "Contact owner": "owner",
        "Create Date": "created_at",
        "Original Source": "source",
        "Original Source Drill-Down 1": "source_detail",
        "Number of Sessions": "website_visits",
        "Number of Pageviews": "page_views",
        "Average Pageviews": "pages_per_visit",
        "Last Activity Date": "last_activity_at",
        "Number of Form Submissions": "form_submissions",
        "Marketing emails opened": "email_opens",
        "Marketing emails clicked": "email_clicks",
        "Marketing emails delivered": "emails_sent",
        "Unsubscribed from all email": "do_not_email",
        "Became a Customer Date": "converted_at",
        "Total Revenue": "revenue",
        "Annual Revenue": "annual_revenue",
        "Number of Employees": "employees",
        "State/Region": "region",
        "Postal Code": "postal_code",
        "Country/Region": "country",
        "HubSpot Score": None,
    },
    "Salesforce": {
        "Lead ID": "crm_id",
        "First Name": "first_name",
        "Last Name": "last_name",
        "Title": "job_title",
        "Company / Account": "company",
        "Email": "email",
        "Lead Source": "source",
        "Lead Status": "stage",
        "Rating": "rating",
        "Street": "street",
        "City": "city",
        "State/Province": "region",
        "Zip/Postal Code": "postal_code",
        "Country": "country",
        "Lead Owner": "owner",
        "Converted": "converted",
        "Converted Date": "converted_at",
        "No. of Employees": "employees",
        "Annual Revenue": "annual_revenue",
        "Do Not Call": "do_not_call",
        "Email Opt Out": "do_not_email",
        "Last Modified Date": "modified_at",
        "Create Date": "created_at",
    },
    "Salesforce API": {
        "Id": "crm_id",
        "FirstName": "first_name",
        "MobilePhone": "mobile",
        "NumberOfEmployees": "employees",
        "IsConverted": "converted",
        "ConvertedDate": "converted_at",
        "HasOptedOutOfEmail": "do_not_email",
        "LastActivityDate": "last_activity_at",
        "CreatedDate": "created_at",
        "LeadSource": "source",
        "Amount": "revenue",
        "Annual_Revenue__c": "annual_revenue",
    },
    "Pipedrive": {
        "Lead - ID": "crm_id",
        "Lead - Title": None,
        "Person - Name": "full_name",
        "Person - Email - Work": "email",
        "Person - Phone - Work": "phone",
        "Person - Phone - Mobile": "mobile",
        "Organization - Name": "company",
        "Lead - Owner": "owner",
        "Lead - Lead created": "created_at",
        "Deal - Value": "revenue",
        "Deal - Status": "stage",
        "Deal - Lost reason": "lost_reason",
        "Deal - Won time": "converted_at",
        "Lead - Labels": None,
    },
    "Zoho": {
        "Record Id": "crm_id",
        "Lead Owner": "owner",
        "Company": "company",
        "First Name": "first_name",
        "Last Name": "last_name",
        "Title": "job_title",
        "Mobile": "mobile",
        "Lead Source": "source",
        "Lead Status": "stage",
        "No. of Employees": "employees",
        "Created Time": "created_at",
        "Modified Time": "modified_at",
        "Zip Code": "postal_code",
        "Description": "notes",
        "Last Activity Time": "last_activity_at",
        "Created By": None,
        "Modified By": None,
    },
    "Dynamics": {
        "(Do Not Modify) Lead": "crm_id",
        "(Do Not Modify) Modified On": "modified_at",
        "(Do Not Modify) Row Checksum": None,
        "Name": "full_name",
        "Business Phone": "phone",
        "Mobile Phone": "mobile",
        "Company Name": "company",
        "Status Reason": "stage",
        "Created On": "created_at",
        "Do not allow Emails": "do_not_email",
        "Do not allow Phone Calls": "do_not_call",
        "ZIP/Postal Code": "postal_code",
        "Purchase Timeframe": "purchase_timeline",
        "Topic": None,
    },
}


@pytest.mark.parametrize("crm", CRM_HEADERS)
def test_the_export_of_a_crm_is_known(crm: str) -> None:
    assert mapped(empty(*CRM_HEADERS[crm])) == CRM_HEADERS[crm]


def test_an_incompatible_column_is_not_mapped_however_good_its_name() -> None:
    assert set(
        mapped(
            {
                "Last Activity": ["Email Opened", "SMS Sent", "Email Opened"],
                "campaign": ["1", "2", "1"],
                "income": ["<=50K", ">50K", "<=50K"],
                "Age": ["1980", "1975", "1990"],
                "Demo": ["2024-01-01", "2024-02-01", ""],
                "size": ["M", "L", "XL"],
                "Email": ["yes", "no", "yes"],
                "Lead Quality": ["Worst", "Might be", ""],
                "City": ["1", "0", "1"],
                "Status": ["Blue", "Red", "Red"],
                "Industry": ["12345", "23456", "12345"],
                "id": ["7", "7", "7"],
            }
        ).values()
    ) == {None}


@pytest.mark.parametrize(
    ("header", "values", "field"),
    [
        ("Customer E-Mail Adress", ["a@b.de", "c@d.de"], "email"),
        ("Emial Address", ["a@b.de", "c@d.de"], "email"),
        ("Your Job Title", ["CEO", "CTO"], "job_title"),
        ("Total Number of Email Opens", ["1", "2"], "email_opens"),
        ("Compnay Name", ["Acme", "Umbrella"], "company"),
        ("Contact_City__c", ["Berlin", "Paris"], "city"),
        ("Reach them at", ["a@b.de", "c@d.de"], "email"),
        ("Column 7", ["+1 555 123 4567", "+1 555 123 4568"], "phone"),
        ("Social", ["https://www.linkedin.com/in/a", "linkedin.com/in/b"], "linkedin_url"),
    ],
)
def test_a_header_never_seen_finds_its_field(header: str, values: list[str], field: str) -> None:
    assert mapped({header: values})[header] == field


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Account manager mail", ["a@b.de", "c@d.de"]),
        ("poutcome", ["failure", "success"]),
        ("Referrer email", ["a@b.de", "c@d.de"]),
        ("Last Notable Activity", ["Modified", "Email Opened"]),
        ("Deal Title", ["A", "B"]),
        ("month_Created Time1", ["April", "May"]),
        ("Company ID", ["81", "82"]),
        ("Marital status", ["married", "single"]),
        ("Contact", ["cellular", "telephone"]),
    ],
)
def test_a_header_that_only_resembles_a_field_stays_custom(header: str, values: list[str]) -> None:
    assert mapped({header: values})[header] is None


def test_of_two_columns_for_one_field_the_fuller_wins() -> None:
    found = mapped({"Lead Status": ["New", "", "", ""], "Lifecycle Stage": ["Lead", "Customer", "Lead", "Lead"]})
    assert found == {"Lead Status": None, "Lifecycle Stage": "stage"}


def test_an_outcome_in_yes_and_no_is_a_conversion_whatever_its_header() -> None:
    assert mapped({"Outcome": ["0", "1", "0"]}) == {"Outcome": "converted"}
    assert mapped({"Conversion": ["Closed Won", "Closed Lost", "Open"]}) == {"Conversion": "stage"}


def test_revenue_is_a_deals_only_beside_an_outcome() -> None:
    assert mapped({"Revenue": ["100", "200"]})["Revenue"] == "annual_revenue"
    assert mapped({"Revenue": ["100", "200"], "Converted": ["0", "1"]})["Revenue"] == "revenue"
    assert mapped({"Revenue": ["100", "200"], "Status": ["New", "Open"]})["Revenue"] == "annual_revenue"
    assert mapped({"Revenue": ["1", "2"], "Annual Revenue": ["3", "4"], "Status": ["Won", "Lost"]}) == {
        "Revenue": "revenue",
        "Annual Revenue": "annual_revenue",
        "Status": "stage",
    }


def test_what_a_person_decided_comes_first() -> None:
    found = mapped({"Email": ["a@b.de"], "Foo": ["c@d.de"]}, {"Foo": "email", "Email": None})
    assert found == {"Email": None, "Foo": "email"}
    raw = raw_table({"Foo": ["x"]})
    assert map_headers(["Foo"], raw.frame, {"Foo": "no_such_field"})[0].field is None


def test_overrides_are_read_and_wrong_ones_refused() -> None:
    assert parse_overrides(["mail = email", "A=B="], ["Mail", "A=B"]) == {"Mail": "email", "A=B": None}
    for items, code in (
        (["Mail"], "bad_override"),
        (["Nope=email"], "unknown_column"),
        (["Mail=nope"], "unknown_field"),
        (["Mail=email", "A=B=email"], "field_twice"),
    ):
        with pytest.raises(InvalidRequest) as refused:
            parse_overrides(items, ["Mail", "A=B"])
        assert refused.value.code == code


def test_a_mapping_names_columns_and_fields_that_exist_each_once() -> None:
    check_mapping({"A": "email", "B": None}, ["A", "B"])
    with pytest.raises(InvalidRequest, match="both mapped"):
        check_mapping({"A": "email", "B": "email"}, ["A", "B"])


def test_the_shape_of_a_file_ignores_order_and_spelling_of_headers() -> None:
    assert shape_key(["First Name", "E-Mail"]) == shape_key(["email", "first_name"])
    assert shape_key(["Email"]) != shape_key(["Email", "Phone"])
    assert shape_key(["#"]) != shape_key(["%"])


def test_the_likeliest_outcome_column_comes_first() -> None:
    raw = raw_table(
        {
            "Loan": ["yes", "no", "yes"],
            "Deal won": ["x", "", "x"],
            "Converted": ["1", "0", "0"],
            "y": ["no", "yes", "no"],
        }
    )
    assert target_candidates(raw.frame, {"Converted": "converted"})[:2] == ["Converted", "y"]
    assert "Loan" not in target_candidates(raw.frame, {"Converted": "converted"})


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from([alias for field in FIELDS for alias in field.aliases]), unique=True, max_size=12),
    st.lists(
        st.sampled_from(["", "1", "a@b.de", "Won", "yes", "2024-01-01", "+1 555 123 4567"]), min_size=2, max_size=4
    ),
)
def test_no_field_is_given_twice(headers: list[str], values: list[str]) -> None:
    frame = pd.DataFrame({header: pd.Series(values, dtype="str") for header in headers})
    matches = map_headers(headers, frame)
    fields = [match.field for match in matches if match.field]
    assert [match.header for match in matches] == headers
    assert len(fields) == len(set(fields))
    assert set(fields) <= set(FIELD_BY_NAME)
    assert all((match.confidence > 0) == (match.field is not None) and match.confidence <= 1 for match in matches)


SHARED = {
    "xeducation_leads.csv": (
        {
            "Prospect ID": "crm_id",
            "Lead Source": "source",
            "Converted": "converted",
            "Do Not Email": "do_not_email",
            "Do Not Call": "do_not_call",
            "TotalVisits": "website_visits",
            "Total Time Spent on Website": "time_on_site",
            "Page Views Per Visit": "pages_per_visit",
            "Country": "country",
            "City": "city",
            "What is your current occupation": "occupation",
            "Last Activity": None,
            "Lead Quality": None,
            "Tags": None,
            "Lead Number": None,
            "Lead Profile": None,
            "Last Notable Activity": None,
        },
        "Converted",
    ),
    "zoho_leads.csv": (
        {
            "LEADID": "crm_id",
            "Last Name": "last_name",
            "Lead Status": "stage",
            "Created Time": "created_at",
            "CONVERTED": "converted",
            "month_Created Time1": None,
            "Mobile": "mobile",
        },
        "CONVERTED",
    ),
    "hubspot_contacts.csv": (
        {
            "Contact ID": "crm_id",
            "Lifecycle Stage": "stage",
            "Lead Status": None,
            "Website URL": "website",
            "Associated Company Domain": "company_domain",
            "Contact Owner": "owner",
        },
        "Lifecycle Stage",
    ),
    "bank_additional_full.csv": (
        {"age": "age", "campaign": None, "contact": None, "month": None, "y": None, "poutcome": None, "duration": None},
        "y",
    ),
    "adult_income.csv": (
        {"age": "age", "income": None, "occupation": "occupation", "sex": "gender", "race": None},
        "income",
    ),
}


@pytest.mark.parametrize("name", SHARED)
def test_public_files_are_mapped_without_their_traps(name: str) -> None:
    raw = read_table(shared_file(name).read_bytes(), name)
    found = as_mapping(map_headers(list(raw.frame.columns), raw.frame))
    expected, target = SHARED[name]
    assert {header: found[header] for header in expected} == expected
    assert target_candidates(raw.frame, found)[0] == target
