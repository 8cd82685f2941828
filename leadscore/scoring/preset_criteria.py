"""The criteria scorecards start from: for any file, for software sold to companies, for private buyers."""

from __future__ import annotations

from typing import Any

from leadscore.schema import Group
from leadscore.scoring.criteria import Criterion, Operator

ACTIVITY_HALF_LIFE = 60.0
"""Days after which what a lead did counts half; interest fades within a quarter."""
TRIAL_HALF_LIFE = 30.0
"""Who tries software decides within weeks."""

_WARM_SOURCES = ("referral", "reference", "partner", "partner referral", "customer referral", "employee referral",
                 "external referral", "word of mouth", "inbound", "demo request", "contact form", "webinar", "event",
                 "trade show")
_COLD_SOURCES = ("cold call", "cold calling", "purchased list", "bought list", "list purchase", "scraped")


def _rule(id_: str, label: str, group: Group, field: str, operator: Operator, value: Any, points: float,
          **more: Any) -> Criterion:
    return Criterion(id_, label, str(group), field, str(operator), value, points, **more)


_FADING = {"half_life_days": ACTIVITY_HALF_LIFE}

DEFAULT_CRITERIA: tuple[Criterion, ...] = (
    # who they are
    _rule("decision_maker", "Decides about purchases", Group.DEMOGRAPHIC, "title_role", Operator.EQUALS,
          "decision_maker", 12),
    _rule("influencer", "Has influence on purchases", Group.DEMOGRAPHIC, "title_role", Operator.EQUALS, "influencer",
          6),
    _rule("working", "Is working professionally", Group.DEMOGRAPHIC, "occupation", Operator.CONTAINS, "professional",
          8),
    _rule("income", "Earns well", Group.DEMOGRAPHIC, "income", Operator.AT_LEAST, 100_000, 6),
    _rule("credit", "Has good credit", Group.DEMOGRAPHIC, "credit_score", Operator.AT_LEAST, 700, 6),
    _rule("email", "Left an e-mail address", Group.DEMOGRAPHIC, "has_email", Operator.IS_TRUE, None, 3),
    _rule("phone", "Left a phone number", Group.DEMOGRAPHIC, "has_phone", Operator.IS_TRUE, None, 3),
    _rule("no_contact", "Left neither e-mail nor phone", Group.DEMOGRAPHIC, "completeness", Operator.AT_MOST, 0.2, -4),
    # where they work and where they come from
    _rule("size", "Company of 50 people or more", Group.FIRMOGRAPHIC, "employees", Operator.AT_LEAST, 50, 6),
    _rule("large", "Company of 250 people or more", Group.FIRMOGRAPHIC, "employees", Operator.AT_LEAST, 250, 3),
    _rule("revenue", "Annual revenue of 5 million or more", Group.FIRMOGRAPHIC, "annual_revenue", Operator.AT_LEAST,
          5_000_000, 5),
    _rule("industry", "Industry is known", Group.FIRMOGRAPHIC, "industry", Operator.IS_PRESENT, None, 2),
    _rule("company_mail", "Writes from a company address", Group.FIRMOGRAPHIC, "email_domain_kind", Operator.EQUALS,
          "company", 3),
    _rule("website", "Company has a website", Group.FIRMOGRAPHIC, "has_website", Operator.IS_TRUE, None, 2),
    _rule("warm_source", "Came by a warm source", Group.FIRMOGRAPHIC, "source", Operator.ONE_OF, _WARM_SOURCES, 4),
    _rule("cold_source", "Came by a cold source", Group.FIRMOGRAPHIC, "source", Operator.ONE_OF, _COLD_SOURCES, -4),
    _rule("funded", "Has raised money", Group.FIRMOGRAPHIC, "funding_amount", Operator.AT_LEAST, 1, 2),
    # what they did
    _rule("visits", "Website visits", Group.BEHAVIOURAL, "website_visits", Operator.PER_UNIT, 1, 1.0, cap=8, **_FADING),
    _rule("time", "Minutes on the site", Group.BEHAVIOURAL, "time_on_site", Operator.PER_UNIT, 60, 0.5, cap=10,
          **_FADING),
    _rule("minutes", "Time on the site", Group.BEHAVIOURAL, "time_on_site_minutes", Operator.PER_UNIT, 1, 0.2, cap=10,
          **_FADING),
    _rule("pages", "Pages viewed", Group.BEHAVIOURAL, "page_views", Operator.PER_UNIT, 1, 0.4, cap=6, **_FADING),
    _rule("pricing", "Looked at prices", Group.BEHAVIOURAL, "pricing_page_views", Operator.AT_LEAST, 1, 6, **_FADING),
    _rule("properties", "Looked at offers", Group.BEHAVIOURAL, "property_views", Operator.PER_UNIT, 1, 0.4, cap=6,
          **_FADING),
    _rule("downloads", "Downloads", Group.BEHAVIOURAL, "downloads", Operator.PER_UNIT, 1, 1.5, cap=5, **_FADING),
    _rule("forms", "Forms sent", Group.BEHAVIOURAL, "form_submissions", Operator.PER_UNIT, 1, 2.5, cap=6, **_FADING),
    _rule("demo", "Asked for a demo", Group.BEHAVIOURAL, "demo_requested", Operator.IS_TRUE, None, 8, **_FADING),
    _rule("inquiry", "Sent an inquiry", Group.BEHAVIOURAL, "inquiry_submitted", Operator.IS_TRUE, None, 8, **_FADING),
    _rule("budget", "Told the budget", Group.BEHAVIOURAL, "budget_disclosed", Operator.IS_TRUE, None, 5),
    _rule("financed", "Financing is approved", Group.BEHAVIOURAL, "financing_pre_approved", Operator.IS_TRUE, None, 6),
    # how they answer
    _rule("opens", "E-mails opened", Group.ENGAGEMENT, "email_opens", Operator.PER_UNIT, 1, 0.6, cap=6, **_FADING),
    _rule("clicks", "Links clicked in e-mails", Group.ENGAGEMENT, "email_clicks", Operator.PER_UNIT, 1, 1.5, cap=8,
          **_FADING),
    _rule("ratio", "Clicks on every fifth opened e-mail or more", Group.ENGAGEMENT, "engagement_ratio",
          Operator.AT_LEAST, 0.2, 4, **_FADING),
    _rule("replies", "Answers e-mails", Group.ENGAGEMENT, "email_replies", Operator.AT_LEAST, 1, 8, **_FADING),
    _rule("meetings", "Meetings held", Group.ENGAGEMENT, "meetings", Operator.PER_UNIT, 1, 5, cap=10, **_FADING),
    _rule("events", "Events attended", Group.ENGAGEMENT, "events_attended", Operator.PER_UNIT, 1, 2, cap=6, **_FADING),
    _rule("recent", "Active in the last 14 days", Group.ENGAGEMENT, "recency_days", Operator.AT_MOST, 14, 6),
    _rule("asleep", "Silent for half a year", Group.ENGAGEMENT, "recency_days", Operator.AT_LEAST, 180, -6),
    _rule("bought", "Bought before", Group.ENGAGEMENT, "past_purchases", Operator.AT_LEAST, 1, 6),
)

_SOFTWARE_INDUSTRIES = ("software", "saas", "information technology", "it services", "computer software", "internet",
                        "technology", "fintech", "telecommunications", "financial services", "professional services")
_FADING_SOON = {"half_life_days": TRIAL_HALF_LIFE}

SOFTWARE_CRITERIA: tuple[Criterion, ...] = (
    # who they are
    _rule("decision_maker", "Decides about purchases", Group.DEMOGRAPHIC, "title_role", Operator.EQUALS,
          "decision_maker", 15),
    _rule("influencer", "Has influence on purchases", Group.DEMOGRAPHIC, "title_role", Operator.EQUALS, "influencer",
          8),
    _rule("senior", "Leads a department or the company", Group.DEMOGRAPHIC, "title_seniority", Operator.ONE_OF,
          ("c_level", "owner", "vp", "director", "head"), 5),
    _rule("student", "Student, intern or looking for a job", Group.DEMOGRAPHIC, "occupation", Operator.ONE_OF,
          ("student", "intern", "unemployed"), -10),
    _rule("no_contact", "Left neither e-mail nor phone", Group.DEMOGRAPHIC, "completeness", Operator.AT_MOST, 0.2, -5),
    # where they work
    _rule("middle", "Company of 20 to 1,000 people", Group.FIRMOGRAPHIC, "employees", Operator.BETWEEN, (20, 1_000),
          10),
    _rule("large", "Company of more than 1,000 people", Group.FIRMOGRAPHIC, "employees", Operator.AT_LEAST, 1_001, 6),
    _rule("industry", "Industry that buys software early", Group.FIRMOGRAPHIC, "industry", Operator.ONE_OF,
          _SOFTWARE_INDUSTRIES, 8),
    _rule("funded", "Has raised money", Group.FIRMOGRAPHIC, "funding_amount", Operator.AT_LEAST, 1, 5),
    _rule("company_mail", "Writes from a company address", Group.FIRMOGRAPHIC, "email_domain_kind", Operator.EQUALS,
          "company", 5),
    _rule("free_mail", "Writes from a free mail address", Group.FIRMOGRAPHIC, "email_domain_kind", Operator.EQUALS,
          "free", -4),
    _rule("warm_source", "Came by a warm source", Group.FIRMOGRAPHIC, "source", Operator.ONE_OF, _WARM_SOURCES, 6),
    _rule("cold_source", "Came by a cold source", Group.FIRMOGRAPHIC, "source", Operator.ONE_OF, _COLD_SOURCES, -4),
    # what they did
    _rule("demo", "Asked for a demo", Group.BEHAVIOURAL, "demo_requested", Operator.IS_TRUE, None, 15, **_FADING_SOON),
    _rule("pricing", "Views of the pricing page", Group.BEHAVIOURAL, "pricing_page_views", Operator.PER_UNIT, 1, 4,
          cap=12, **_FADING_SOON),
    _rule("visits", "Website visits", Group.BEHAVIOURAL, "website_visits", Operator.PER_UNIT, 1, 1.0, cap=8,
          **_FADING_SOON),
    _rule("pages", "Pages viewed", Group.BEHAVIOURAL, "page_views", Operator.PER_UNIT, 1, 0.4, cap=6, **_FADING_SOON),
    _rule("downloads", "Downloads", Group.BEHAVIOURAL, "downloads", Operator.PER_UNIT, 1, 2, cap=6, **_FADING_SOON),
    _rule("forms", "Forms sent", Group.BEHAVIOURAL, "form_submissions", Operator.PER_UNIT, 1, 3, cap=6,
          **_FADING_SOON),
    # how they answer
    _rule("replies", "Answers e-mails", Group.ENGAGEMENT, "email_replies", Operator.AT_LEAST, 1, 10, **_FADING_SOON),
    _rule("clicks", "Links clicked in e-mails", Group.ENGAGEMENT, "email_clicks", Operator.PER_UNIT, 1, 2, cap=8,
          **_FADING_SOON),
    _rule("meetings", "Meetings held", Group.ENGAGEMENT, "meetings", Operator.PER_UNIT, 1, 6, cap=12, **_FADING_SOON),
    _rule("events", "Webinars and events attended", Group.ENGAGEMENT, "events_attended", Operator.PER_UNIT, 1, 3, cap=6,
          **_FADING_SOON),
    _rule("recent", "Active in the last 7 days", Group.ENGAGEMENT, "recency_days", Operator.AT_MOST, 7, 6),
    _rule("asleep", "Silent for a quarter", Group.ENGAGEMENT, "recency_days", Operator.AT_LEAST, 90, -6),
)

CONSUMER_CRITERIA: tuple[Criterion, ...] = (
    # can they pay: credit and income say most about private buyers of homes
    _rule("credit", "Has good credit", Group.DEMOGRAPHIC, "credit_score", Operator.AT_LEAST, 700, 12),
    _rule("poor_credit", "Has poor credit", Group.DEMOGRAPHIC, "credit_score", Operator.AT_MOST, 580, -8),
    _rule("income", "Earns 100,000 a year or more", Group.DEMOGRAPHIC, "income", Operator.AT_LEAST, 100_000, 8),
    _rule("high_income", "Earns 200,000 a year or more", Group.DEMOGRAPHIC, "income", Operator.AT_LEAST, 200_000, 4),
    _rule("buying_age", "Between 28 and 65 years old", Group.DEMOGRAPHIC, "age", Operator.BETWEEN, (28, 65), 3),
    _rule("phone", "Left a phone number", Group.DEMOGRAPHIC, "has_phone", Operator.IS_TRUE, None, 4),
    _rule("email", "Left an e-mail address", Group.DEMOGRAPHIC, "has_email", Operator.IS_TRUE, None, 3),
    # where they come from
    _rule("warm_source", "Came by a warm source", Group.FIRMOGRAPHIC, "source", Operator.ONE_OF, _WARM_SOURCES, 6),
    _rule("cold_source", "Came by a cold source", Group.FIRMOGRAPHIC, "source", Operator.ONE_OF, _COLD_SOURCES, -4),
    # do they mean it
    _rule("inquiry", "Sent an inquiry", Group.BEHAVIOURAL, "inquiry_submitted", Operator.IS_TRUE, None, 12, **_FADING),
    _rule("financed", "Financing is approved", Group.BEHAVIOURAL, "financing_pre_approved", Operator.IS_TRUE, None, 10),
    _rule("budget", "Told the budget", Group.BEHAVIOURAL, "budget_disclosed", Operator.IS_TRUE, None, 8),
    _rule("place", "Knows where to buy", Group.BEHAVIOURAL, "location_preference_set", Operator.IS_TRUE, None, 6),
    _rule("properties", "Looked at offers", Group.BEHAVIOURAL, "property_views", Operator.PER_UNIT, 1, 0.8, cap=12,
          **_FADING),
    _rule("visits", "Website visits", Group.BEHAVIOURAL, "website_visits", Operator.PER_UNIT, 1, 0.4, cap=10,
          **_FADING),
    _rule("minutes", "Minutes on the site", Group.BEHAVIOURAL, "time_on_site_minutes", Operator.PER_UNIT, 1, 0.1, cap=8,
          **_FADING),
    # how they answer
    _rule("opens", "E-mails opened", Group.ENGAGEMENT, "email_opens", Operator.PER_UNIT, 1, 0.4, cap=8, **_FADING),
    _rule("clicks", "Links clicked in e-mails", Group.ENGAGEMENT, "email_clicks", Operator.PER_UNIT, 1, 1.5, cap=8,
          **_FADING),
    _rule("replies", "Answers e-mails", Group.ENGAGEMENT, "email_replies", Operator.AT_LEAST, 1, 8, **_FADING),
    _rule("meetings", "Meetings and viewings held", Group.ENGAGEMENT, "meetings", Operator.PER_UNIT, 1, 6, cap=12,
          **_FADING),
    _rule("hard_to_reach", "Called five times or more", Group.ENGAGEMENT, "contact_attempts", Operator.AT_LEAST, 5, -4),
    _rule("recent", "Active in the last 14 days", Group.ENGAGEMENT, "recency_days", Operator.AT_MOST, 14, 6),
    _rule("asleep", "Silent for half a year", Group.ENGAGEMENT, "recency_days", Operator.AT_LEAST, 180, -6),
    _rule("bought", "Bought before", Group.ENGAGEMENT, "past_purchases", Operator.AT_LEAST, 1, 6),
)

OFFER_RULES: tuple[Criterion, ...] = (
    _rule("offer_decision_maker", "Decides about purchases", Group.FIT, "title_role", Operator.EQUALS,
          "decision_maker", 20),
    _rule("offer_influencer", "Has influence on purchases", Group.FIT, "title_role", Operator.EQUALS, "influencer", 10),
    _rule("offer_exact_industry", "Industry is an ideal customer of the offer", Group.FIT, "offer_industry",
          Operator.EQUALS, "exact", 20),
    _rule("offer_adjacent_industry", "Industry is next to an ideal customer", Group.FIT, "offer_industry",
          Operator.EQUALS, "adjacent", 10),
    _rule("offer_complete", "Name, role, company, industry, location and bio are known", Group.FIT, "profile_complete",
          Operator.IS_TRUE, None, 10),
)
"""The rule layer of "Offer fit 50 + 50": at most 50 points."""

OFFER_INTENT: tuple[Criterion, ...] = (
    _rule("offer_intent_high", "High intent to buy", Group.FIT, "intent", Operator.EQUALS, "High", 50),
    _rule("offer_intent_medium", "Medium intent to buy", Group.FIT, "intent", Operator.EQUALS, "Medium", 30),
    _rule("offer_intent_low", "Low intent to buy", Group.FIT, "intent", Operator.EQUALS, "Low", 10),
)
"""Its layer of intent: 50, 30 or 10 points."""
