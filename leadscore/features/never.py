"""Why some columns are never used for a score, in one sentence each."""

from __future__ import annotations

from leadscore.schema import Group

REASON_BY_GROUP = {
    Group.OUTCOME: "It tells how the lead ended, so it is known only afterwards.",
    Group.CONSENT: "Consent decides whether a lead may be contacted, never how good it is.",
    Group.MANAGEMENT: "It is set by the people who work the lead, not by the lead.",
    Group.CONTACT: "It identifies a person and says nothing about the next one.",
}
REASON_PERSONAL = "It tells who a person is, or is free text about people: no score may rest on that."
REASON_IDENTIFIER = "It is an identifier: nearly every lead has its own value."
REASON_SPELLING = "Its values name single companies, places or addresses; derived columns use what is general in them."
REASON_PERSONAL_FIGURE = "It is personal data: it may count as it is, but nothing new is made of it."
