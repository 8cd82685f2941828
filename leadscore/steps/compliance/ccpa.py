"""The notice at collection of the California Consumer Privacy Act, and the list of those who have opted out."""

from __future__ import annotations

from typing import Any

import pandas as pd

from leadscore.reports.document import Figure, Section, Table
from leadscore.schema import Group
from leadscore.steps.compliance.asking import NOT_PROVIDED, Asked, Compiled, in_words
from leadscore.steps.compliance.in_force import GROUP_WORDS, groups_held, recipients
from leadscore.steps.compliance.retention import retention_rules
from leadscore.steps.processing import processing_of
from leadscore.store import evidence, lead_reading, scores
from leadscore.store.consents import Purpose
from leadscore.store.tables import Client

CATEGORIES = {
    "Identifiers (name, e-mail address, phone number, online identifiers)": (Group.CONTACT,),
    "Professional or employment information": (Group.DEMOGRAPHIC, Group.FIRMOGRAPHIC),
    "Internet or other network activity": (Group.BEHAVIOURAL, Group.ENGAGEMENT),
    "Commercial information (what was bought or considered)": (Group.FINANCIAL, Group.OUTCOME, Group.ORIGIN),
}
INFERENCES = "Inferences drawn from the above (a score that says how likely somebody is to buy)"
OPT_OUT_COLUMNS = ("lead_id", "email", "email_fingerprint", "said", "on", "source")
RIGHTS = (
    "You can ask what we have collected about you, and get a copy of it.",
    "You can ask us to correct or to delete it.",
    "You can tell us not to sell or share it, and to limit the use of what is sensitive.",
    "We will not treat you worse because you ask.",
)


def ccpa(asked: Asked) -> Compiled:
    """Make the notice; its records are the opt-out list."""
    entered = processing_of(asked.session.get_one(Client, asked.client_id))
    opted = opt_outs(asked)
    leads, ways = opted["lead_id"].notna().sum(), scores.distinct(asked.session, asked.client_id, "source")
    sections = (
        Section("What we collect", tables=(Table("", _categories(asked)),)),
        Section("Where we got it", (f"By these ways: {', '.join(ways)}." if ways else f"Sources: {NOT_PROVIDED}.",
                                    "And from what our own team writes down.")),
        Section("What we use it for", (entered.purposes or f"Purposes: {NOT_PROVIDED}.",)),
        Section("Whom we give it to", (*recipients(asked, named=False),
                                       f"Sold or shared: {entered.sold_or_shared or NOT_PROVIDED}")),
        Section("How long we keep it", tuple(retention_rules(asked))),
        Section("Decisions by computer", (
            "Rules and a computer model give each person a score from 0 to 100. It orders whom our team calls first. "
            "You can ask how your score came about and have a person look at it.",)),
        Section("Your rights", (*RIGHTS, f"Write to: {entered.contact or NOT_PROVIDED}")),
        Section("Who has opted out", ("The list is the CSV of this report; this page only counts.",), figures=(
            Figure("Said no to sale or sharing", f"{leads:,}"),
            Figure("Suppressed fingerprints", f"{len(opted) - leads:,}", note="of people who must not be stored "
                                                                                "again"))),
    )
    return Compiled("Notice at collection", f"California, as of {in_words(asked.as_of.date())}", sections,
                    records=opted)


def opt_outs(asked: Asked) -> pd.DataFrame:
    """List who has said no to sale or sharing, and who must not be stored again.

    The latter are known by blind fingerprints alone.

    Returns
    -------
    DataFrame
        Columns ``lead_id``, ``email``, ``email_fingerprint``, ``said``, ``on``, ``source``.
    """
    said_no = [consent for consent in evidence.latest_consents(asked.session, asked.client_id, Purpose.SALE)
               if not consent.given and consent.recorded_at <= asked.as_of]
    emails = _emails(asked, [consent.lead_id for consent in said_no])
    gone = [one for one in evidence.suppressions(asked.session, asked.client_id) if one.at <= asked.as_of]
    rows: list[tuple[Any, ...]] = [
        (consent.lead_id, emails.get(consent.lead_id), None, "no to sale or sharing", f"{consent.at:%Y-%m-%d}",
         consent.source) for consent in said_no]
    rows += [(None, None, one.digest if one.kind == "email" else None, one.reason or "suppressed",
              f"{one.at:%Y-%m-%d}", one.kind) for one in gone]
    frame = pd.DataFrame(rows, columns=list(OPT_OUT_COLUMNS))
    return frame.assign(lead_id=frame["lead_id"].astype("Int64"))


def _emails(asked: Asked, lead_ids: list[int]) -> dict[int, str]:
    if not lead_ids:
        return {}
    leads = lead_reading.read_leads(asked.session, asked.workbench.vault, asked.client_id, lead_ids=lead_ids,
                                    fields=["email"])
    emails = leads["email"].dropna() if "email" in leads else pd.Series(dtype=object)
    return dict(zip(emails.index.tolist(), emails.astype(str).tolist(), strict=True))


def _categories(asked: Asked) -> pd.DataFrame:
    held = groups_held(asked)
    rows = [(category, any(group in held for group in groups),
             ", ".join(GROUP_WORDS[group] for group in groups if group in held)) for category, groups in
            CATEGORIES.items()]
    return pd.DataFrame([*rows, (INFERENCES, bool(held), "Score and group" if held else "")],
                        columns=["Category", "Collected", "From our fields"])
