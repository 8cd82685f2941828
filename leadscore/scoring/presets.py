"""Policies to start from."""

from __future__ import annotations

from typing import Any

from leadscore.schema import Group
from leadscore.scoring.criteria import Criterion, Operator
from leadscore.scoring.offer import Offer
from leadscore.scoring.policy import Policy, Thresholds, TierMode

DEFAULT_WEIGHTS = {Group.DEMOGRAPHIC: 25.0, Group.FIRMOGRAPHIC: 20.0, Group.BEHAVIOURAL: 30.0, Group.ENGAGEMENT: 25.0,
                   Group.FIT: 0.0}
ACTIVITY_HALF_LIFE = 60.0
"""Days after which what a lead did counts half; interest fades within a quarter."""
DEFAULT_FULL_MARKS = 0.3
"""The default scorecard covers more fields than any one file has, so a third of its points are already the most."""

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


def default_policy() -> Policy:
    """Give the scorecard a client starts with: sensible without any history, cut by rank because points are guesses."""
    weights = {str(group): share for group, share in DEFAULT_WEIGHTS.items()}
    return Policy(criteria=DEFAULT_CRITERIA, group_weights=weights, full_marks=DEFAULT_FULL_MARKS)


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

OFFER_THRESHOLDS = Thresholds(qualified=50.0, high=70.0, low=40.0)


def offer_policy(offer: Offer) -> Policy:
    """Give "Offer fit 50 + 50": rule points and points for intent, added up; no model takes part."""
    return Policy(
        criteria=OFFER_RULES + OFFER_INTENT, group_weights={str(group): 100.0 * (group is Group.FIT)
                                                            for group in DEFAULT_WEIGHTS},
        full_marks=1.0, group_marks={str(Group.FIT): 100.0}, alpha=1.0, alpha_is_suggested=False,
        thresholds=OFFER_THRESHOLDS, tier_mode=TierMode.THRESHOLD, offer=offer)
