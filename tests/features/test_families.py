"""Everything lead scoring is usually made of can be said: by a formula, or by a column a criterion may name."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from leadscore.features.build import build_features
from leadscore.features.columns import columns_of
from leadscore.features.expressions import compile_expression
from leadscore.features.never import REASON_PERSONAL_FIGURE
from leadscore.features.tokens import WrongExpression
from leadscore.schema import FIELD_BY_NAME, CustomField, Kind, MadeFeature
from leadscore.scoring.criteria import Criterion, Operator
from leadscore.scoring.scorecard import hits

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CUSTOMS = (CustomField("Pages read", Kind.NUMBER), CustomField("Saved searches", Kind.NUMBER),
           CustomField("Invited to meetings", Kind.NUMBER), CustomField("Channel", Kind.CATEGORY))
COLUMNS = columns_of(CUSTOMS)

LEAD = {
    "emails_sent": 10.0, "email_opens": 5.0, "email_clicks": 2.0, "email_replies": 1.0, "open_rate": 50.0,
    "page_views": 12.0, "website_visits": 4.0, "time_on_site": 300.0, "bounce_rate": 20.0, "downloads": 1.0,
    "form_submissions": 2.0, "video_views": 3.0, "social_engagements": 7.0, "campaign_responses": 2.0,
    "employees": 120.0, "annual_revenue": 5e6, "industry": "Software", "city": "Dresden", "country": "Germany",
    "job_title": "Head of Sales", "technologies": "Salesforce; Slack", "company_stage": "Growth",
    "funding_stage": "Series B", "funding_amount": 2e6, "growth_rate": 15.0, "market_share": 3.0,
    "contact_attempts": 2.0, "time_on_site_minutes": 5.0,
    "response_hours": 4.0, "meetings": 2.0, "support_tickets": 1.0, "past_purchases": 2.0,
    "past_purchase_value": 900.0, "age": 41.0, "income": 90_000.0, "credit_score": 720.0, "budget": 400_000.0,
    "property_views": 9.0, "budget_disclosed": True, "financing_pre_approved": False, "inquiry_submitted": True,
    "location_preference_set": True, "purchase_timeline": "3 months", "source": "Referral",
    "custom:Pages read": 6.0, "custom:Saved searches": 2.0, "custom:Invited to meetings": 4.0, "custom:Channel": "ad"}


def leads():
    frame = pd.DataFrame([LEAD])
    kinds = {name: field.kind for name, field in FIELD_BY_NAME.items()} | {field.name: field.kind for field in CUSTOMS}
    types = {name: "boolean" if kinds[name] is Kind.BOOLEAN else "float64" if isinstance(LEAD[name], float) else "str"
             for name in frame}
    return frame.astype(types).assign(
        created_at=pd.to_datetime(["2026-02-01T09:00"], utc=True),
        first_response_at=pd.to_datetime(["2026-02-01T15:00"], utc=True),
        last_activity_at=pd.to_datetime(["2026-02-20"], utc=True))


FORMULAS = {
    # what they did
    "opening rate": ("share(email_opens, emails_sent)", 0.5), "click rate": ("share(email_clicks, email_opens)", 0.4),
    "response rate": ("share(email_replies, emails_sent)", 0.1), "page views": ("page_views", 12),
    "pages per visit": ("page_views / website_visits", 3), "time on site": ("in_minutes(time_on_site)", 5),
    "time per page": ("time_on_site / page_views", 25), "bounce rate": ("bounce_rate > 50", 0),
    "downloads": ("downloads >= 1", 1), "forms": ("min(form_submissions, 3)", 2), "videos": ("log(video_views)", 1.386),
    "content": ("sum_of(downloads, form_submissions, video_views)", 6), "social": ("sqrt(social_engagements)", 2.646),
    "campaigns": ("campaign_responses / max(emails_sent, 1)", 0.2),
    # who they are
    "company size": ("bucket(employees, 10, 50, 200)", "50 to 200"), "industry": ('one_of(industry, "software")', 1),
    "place": ('if(country = "Germany", city, "abroad")', "Dresden"),
    "title": ('contains(job_title, "head") or contains(job_title, "chief")', 1),
    "revenue range": ("bucket(annual_revenue, 1000000, 10000000)", "1,000,000 to 10,000,000"),
    "revenue per employee": ("annual_revenue / employees", 41_666.67),
    # where they work
    "technologies": ('contains(technologies, "salesforce")', 1), "stage": ('equals(company_stage, "growth")', 1),
    "funding": ('one_of(funding_stage, "series a", "series b")', 1), "funding size": ("funding_amount > 1000000", 1),
    "growth": ("clip(growth_rate, 0, 10)", 10), "market": ("market_share >= 5", 0),
    # how they answer
    "response time": ("in_hours(days_between(created_at, first_response_at))", 6),
    "quick response": ("response_hours <= 24", 1), "meetings": ("share(meetings, [Invited to meetings])", 0.5),
    "content pattern": ("[Pages read] / page_views", 0.5), "support": ("is_missing(support_tickets)", 0),
    "purchases": ("past_purchase_value / past_purchases", 450), "came on a": ("weekday(created_at)", "Sunday"),
    # a buyer of property
    "budget": ("budget >= 250000", 1), "visits": ("website_visits", 4), "properties": ("property_views", 9),
    "saved searches": ("coalesce([Saved searches], 0)", 2), "budget told": ("budget_disclosed", 1),
    "financed": ("financing_pre_approved and budget_disclosed", 0), "inquiry": ("inquiry_submitted", 1),
    "knows where": ("location_preference_set", 1), "timeline": ('starts_with(purchase_timeline, "3")', 1),
    "readiness": ("number(budget_disclosed) + number(financing_pre_approved) + number(inquiry_submitted)", 2),
    "attempts": ("contact_attempts <= 3", 1), "opens": ("email_opens", 5), "minutes": ("time_on_site_minutes", 5),
    "frequency": ("(website_visits + email_clicks) / max(days_since(created_at) / 7, number(1))", 1.5204),
    "recency": ("days_since(last_activity_at)", 9), "source": ('one_of(source, "referral", "partner")', 1)}


@pytest.mark.parametrize("name", FORMULAS)
def test_it_can_be_made_by_a_formula(name):
    text, expected = FORMULAS[name]
    made = MadeFeature("wanted", name, compile_expression(text, COLUMNS).text, "fit")
    value = build_features(leads(), CUSTOMS, as_of=NOW, made=[made]).frame["made:wanted"].iloc[0]
    assert value == (expected if isinstance(expected, str) else pytest.approx(expected, rel=1e-3))


@pytest.mark.parametrize(("field", "operator", "value"), [
    ("age", Operator.BETWEEN, (30, 60)), ("income", Operator.AT_LEAST, 50_000),
    ("credit_score", Operator.AT_LEAST, 700), ("open_rate", Operator.AT_LEAST, 20),
    ("title_seniority", Operator.EQUALS, "head"), ("title_role", Operator.EQUALS, "decision_maker"),
    ("company_size", Operator.EQUALS, "51-200"), ("engagement_ratio", Operator.AT_LEAST, 0.2)])
def test_personal_figures_and_derived_ones_are_named_by_a_criterion(field, operator, value):
    features = build_features(leads(), CUSTOMS, as_of=NOW)
    criterion = Criterion("c", "C", "fit", field, str(operator), value, 1.0)
    assert hits(features.frame, criterion).tolist() == [True]


@pytest.mark.parametrize("field", ["age", "income", "credit_score"])
def test_nothing_new_is_made_of_personal_figures(field):
    with pytest.raises(WrongExpression) as refused:
        compile_expression(f"{field} / 2", COLUMNS)
    assert refused.value.hint == REASON_PERSONAL_FIGURE
