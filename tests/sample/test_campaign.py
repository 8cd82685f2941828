import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from leadscore.sample.campaign import CAMPAIGN_DAYS, HEADERS, make_campaign, to_csv_bytes

END = datetime(2026, 10, 31, tzinfo=UTC)
SAMPLE_FILE = Path(__file__).resolve().parents[2] / "data" / "sample_leads.csv"


@pytest.fixture(scope="module")
def campaign() -> pd.DataFrame:
    return make_campaign(5_000, 7, end=END)


@pytest.fixture(scope="module")
def leads(campaign: pd.DataFrame) -> pd.DataFrame:
    return campaign[campaign["Record ID"] != "Record ID"]


def converted(leads: pd.DataFrame) -> pd.Series:
    return leads["Lead Status"].str.lower().eq("closed won")


def test_the_sample_file_is_what_the_generator_makes(campaign: pd.DataFrame) -> None:
    assert SAMPLE_FILE.read_bytes() == to_csv_bytes(campaign)


def test_the_same_seed_gives_the_same_cells_and_another_seed_gives_others() -> None:
    first = make_campaign(300, 1, end=END)
    pd.testing.assert_frame_equal(first, make_campaign(300, 1, end=END))
    assert not first.equals(make_campaign(300, 2, end=END))


@pytest.mark.parametrize("n", [1, 2, 3, 10, 999, 1_000, 1_001])
def test_a_campaign_has_the_size_asked_for(n: int) -> None:
    campaign = make_campaign(n, 0, end=END)
    assert campaign.shape == (n, len(HEADERS))
    assert (campaign.dtypes == pd.StringDtype()).all() or (campaign.dtypes.astype(str) == "str").all()
    assert not campaign.isna().any().any()
    assert campaign["Record ID"].eq("Record ID").sum() == (2 if n >= 1_000 else 0)


def test_the_csv_reads_back_cell_for_cell(campaign: pd.DataFrame) -> None:
    rows = list(csv.reader(io.StringIO(to_csv_bytes(campaign).decode("utf-8"), newline="")))
    assert rows[0] == list(campaign.columns)
    assert rows[1:] == campaign.to_numpy().tolist()


def test_an_empty_frame_is_a_csv_of_its_header() -> None:
    assert to_csv_bytes(pd.DataFrame({"a,b": [], 'c"d': []})) == b'"a,b","c""d"\n'


def test_a_slice_of_a_campaign_writes_only_its_own_rows(campaign: pd.DataFrame) -> None:
    part = campaign.iloc[100:103]
    assert len(list(csv.reader(io.StringIO(to_csv_bytes(part).decode(), newline="")))) == 4


def test_between_12_and_15_per_cent_convert_and_recent_leads_are_open(leads: pd.DataFrame) -> None:
    assert 0.12 <= converted(leads).mean() <= 0.15
    is_open = leads["Lead Status"].str.lower().isin(["new", "contacted", "qualified"])
    assert is_open.tail(200).mean() > 0.9
    assert is_open.head(2_000).mean() < 0.1


def test_only_closed_leads_have_a_close_date_and_only_won_ones_an_amount(leads: pd.DataFrame) -> None:
    status = leads["Lead Status"].str.lower()
    assert leads["Close date"].ne("").eq(status.str.startswith("closed")).all()
    assert leads["Deal amount"].ne("").eq(status.eq("closed won")).all()


def test_the_tag_of_the_sales_team_gives_the_outcome_away(leads: pd.DataFrame) -> None:
    share = converted(leads).groupby(leads["Sales notes tag"]).mean()
    assert set(share.drop("").round(6)) == {0.0, 1.0}


def test_seniority_and_interest_go_with_conversion_without_deciding_it(leads: pd.DataFrame) -> None:
    won = converted(leads)
    title, pricing = leads["Job Title"].str.strip().str.lower(), leads["Pricing page views"]
    assert won[title.eq("vp operations")].mean() > 2 * won[title.eq("software engineer")].mean()
    assert won[pricing.isin(["3", "4", "5"])].mean() > 2 * won[pricing.eq("0")].mean()
    assert won[pricing.isin(["3", "4", "5"])].mean() < 0.6


def test_paid_social_gets_worse_over_the_campaign() -> None:
    leads = make_campaign(40_000, 3, end=END)
    closed = leads["Lead Status"].str.lower().str.startswith("closed")
    social = leads[closed & leads["Original Source"].str.strip().str.lower().eq("paid social")]
    won = converted(social)
    assert won.head(2_000).mean() > 1.4 * won.tail(2_000).mean()


def test_the_mess_is_there(leads: pd.DataFrame) -> None:
    assert 0.005 < leads["Email"].str.strip().str.lower().loc[lambda email: email.ne("")].duplicated().mean() < 0.03
    assert leads["Industry"].eq("Select").any()
    assert leads["Create Date"].str.fullmatch(r"\d{2} [A-Z][a-z]{2}, \d{4} \d{2}:\d{2}:00").any()
    assert leads["Create Date"].str.fullmatch(r"\d{2}/\d{2}/\d{4}").any()
    assert leads["Annual Revenue"].str.fullmatch(r"\$[\d,]+\.\d{2}K").any()
    assert leads["Phone Number"].str.contains(r"\*\*\*").any()
    assert leads["Notes"].str.contains("\n").any()
    assert leads["First Name"].str.endswith(" ").any()
    assert not leads["Last Name"].str.isascii().all()


def test_every_amount_is_written_as_people_write_amounts(leads: pd.DataFrame) -> None:
    amounts = leads["Annual Revenue"].loc[lambda amount: amount.ne("")]
    assert amounts.str.fullmatch(r"\d+|\$\d{1,3}(,\d{3})*(\.\d{2}[KM])?").all()
    assert amounts.str.fullmatch(r"\$\d{1,3}(,\d{3}){3}").any()


def test_addresses_and_numbers_belong_to_nobody(leads: pd.DataFrame) -> None:
    email = leads["Email"].str.lower()
    domains = email[email.str.contains("@")].str.split("@").str[-1]
    assert domains.str.fullmatch(r"example\.(com|org|net)|[a-z0-9-]+\.example").all()
    assert email[email.ne("")].str.isascii().all()
    numbers = leads["Phone Number"].loc[lambda phone: phone.ne("")]
    assert numbers.str.contains(r"555[-.]01|7700 900|30 23125|1 99 00|\*\*\*").all()


def test_no_date_is_after_the_export_or_before_the_campaign(leads: pd.DataFrame) -> None:
    for header in ("Create Date", "Last Activity Date", "First contact date", "Close date"):
        years = leads[header].str.extract(r"(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2})").dropna()
        moments = pd.to_datetime(years.agg("-".join, axis=1), format="%Y-%m-%d-%H-%M", utc=True)
        assert len(moments)
        assert moments.max() <= END
        assert moments.min() >= END - pd.Timedelta(days=CAMPAIGN_DAYS)
