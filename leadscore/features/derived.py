"""Columns worked out from a lead's own fields: rates, ages, presence and kinds, never from its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from leadscore.features.titles import read_titles
from leadscore.schema import Group, Kind

SECONDS_PER_DAY = 86_400.0

FREE_MAIL_DOMAINS = (
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "yahoo.co.in", "yahoo.in", "yahoo.fr", "yahoo.de",
    "ymail.com", "rocketmail.com", "hotmail.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de", "outlook.com",
    "outlook.de", "outlook.fr", "live.com", "msn.com", "aol.com", "icloud.com", "me.com", "mac.com", "gmx.de",
    "gmx.net", "gmx.com", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "mail.com", "mail.ru",
    "yandex.ru", "yandex.com", "qq.com", "163.com", "126.com", "sina.com", "naver.com", "daum.net",
    "rediffmail.com", "proton.me", "protonmail.com", "zoho.com", "fastmail.com", "tutanota.com", "orange.fr",
    "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "libero.it", "virgilio.it", "tin.it", "alice.it",
    "terra.com.br", "uol.com.br", "bol.com.br", "comcast.net", "verizon.net", "att.net", "sbcglobal.net", "cox.net",
    "btinternet.com", "sky.com", "bluewin.ch", "telenet.be", "skynet.be", "ziggo.nl", "kpnmail.nl", "bigpond.com",
    "shaw.ca", "rogers.com", "mailinator.com",
)

URL_AROUND_DOMAIN = r"^(?:[a-z]+://)?(?:www\d?\.)?|[:/?#].*$"
PROVIDER_ROWS, PROVIDER_SHARE = 50, 0.02
"""A mail domain shared by more leads than this, and by this share of them, is no single company's."""

SIZE_EDGES = (0, 10, 50, 200, 1_000, 5_000, np.inf)
"""Employees; upper ends included."""
SIZE_BANDS = ("1-10", "11-50", "51-200", "201-1,000", "1,001-5,000", "over 5,000")

COMPLETENESS_SLOTS: tuple[tuple[str, ...], ...] = (
    ("full_name", "last_name", "first_name"), ("email",), ("phone", "mobile"), ("job_title", "occupation"),
    ("company",), ("industry",), ("employees", "employee_range", "annual_revenue"),
    ("country", "city", "region", "location"),
)
"""What a seller needs to know of a lead; any one of the columns fills a slot. The number of slots is fixed, so that
the figure of one lead never depends on which other columns its file happens to have."""


@dataclass(frozen=True)
class Derived:
    """One derived feature: what it is called, what it is made of, and how.

    Parameters
    ----------
    name, label : str
        Column name and what people read.
    kind : Kind
        NUMBER, CATEGORY or BOOLEAN.
    group : Group
        Family it counts to.
    sources : tuple of str
        Fields it is made of.
    compute : callable (leads, as_of) -> Series
        Gets the leads frame (a source may be absent) and the date.
    needs : {"all", "any", "none"}
        Which sources must be columns of the frame for the feature to exist. Where the feature is left out, its value
        would have been missing for every lead, so leaving it out changes no score.
    changeable : bool
        True when a person can influence it.
    """

    name: str
    label: str
    kind: Kind
    group: Group
    sources: tuple[str, ...]
    compute: Callable[[pd.DataFrame, datetime], pd.Series]
    needs: str = "all"
    changeable: bool = False


def is_possible(feature: Derived, columns: pd.Index) -> bool:
    """Tell whether a frame with these columns can give the feature."""
    present = [source in columns for source in feature.sources]
    return {"all": all(present), "any": any(present), "none": True}[feature.needs]


def days_before(dates: pd.Series, as_of: datetime) -> pd.Series:
    """Count the days from each date to ``as_of``.

    Returns
    -------
    Series of float64
        Days, at least 0. A date more than one day after ``as_of`` was not known then and is missing, which keeps a
        backtest from looking ahead; within the day it is 0, for time zones.
    """
    days: pd.Series = (pd.Timestamp(as_of) - dates).dt.total_seconds() / SECONDS_PER_DAY
    return days.where(days >= -1.0).clip(lower=0.0)


def share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Divide two counts, cut to [0, 1]: 0/0 is 0 (nothing happened), and a part without a whole is 1.

    Mail programs that load no pictures report clicks without opens; such a lead did engage.
    """
    ratio = (part / whole.where(whole > 0)).clip(lower=0.0, upper=1.0)
    without_whole = (part > 0).astype("float64").where(part.notna() & whole.notna())
    shares: pd.Series = ratio.where(whole > 0, without_whole)
    return shares


def is_filled(leads: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """Tell for every lead whether any of the columns holds a value; an absent column holds none."""
    filled = np.zeros(len(leads), dtype=bool)
    for column in columns:
        if column in leads:
            filled |= leads[column].notna().to_numpy()
    return pd.Series(filled, index=leads.index)


def _completeness(leads: pd.DataFrame, _: datetime) -> pd.Series:
    slots = [is_filled(leads, slot).to_numpy() for slot in COMPLETENESS_SLOTS]
    return pd.Series(np.mean(slots, axis=0), index=leads.index)


def _present(*columns: str) -> Callable[[pd.DataFrame, datetime], pd.Series]:
    return lambda leads, _: is_filled(leads, columns).astype("float64")


def _share(part: str, whole: str) -> Callable[[pd.DataFrame, datetime], pd.Series]:
    return lambda leads, _: share(leads[part], leads[whole])


def _days(column: str) -> Callable[[pd.DataFrame, datetime], pd.Series]:
    return lambda leads, as_of: days_before(leads[column], as_of)


def _title(column: str) -> Callable[[pd.DataFrame, datetime], pd.Series]:
    return lambda leads, _: read_titles(leads["job_title"])[column]


def company_domains(leads: pd.DataFrame) -> pd.Series:
    """Give each lead the domain of its company: of the company itself or its website, else of the e-mail address.

    Returns
    -------
    Series of str, shape (n_leads,)
        Missing where there is none, and where it is a provider's: known as one of mail, or shared by so many leads
        that it is hardly one company's.
    """
    own, site = (_domain_of_url(leads[column]) if column in leads else None for column in ("company_domain", "website"))
    found = pd.Series(None, index=leads.index, dtype="str") if site is None else site
    if "email" in leads:
        domains, is_free = _mail_domains(leads["email"])
        mails = pd.Series(pd.array(domains, dtype="str"), index=leads.index)
        found = found.fillna(mails.mask(is_free.to_numpy(zero_copy_only=False)))
    shared = found.map(found.value_counts()) > max(PROVIDER_ROWS, PROVIDER_SHARE * len(leads))
    found = found.mask(shared)
    return found if own is None else own.fillna(found)


def _domain_of_url(addresses: pd.Series) -> pd.Series:
    domains = addresses.astype("str").str.lower().str.replace(URL_AROUND_DOMAIN, "", regex=True)
    return domains.mask(domains == "")


def _mail_domains(emails: pd.Series) -> tuple[pa.Array, pa.Array]:
    """Give the domain of each address, and whether a mail provider is known by it."""
    addresses = pa.array(emails, type=pa.large_string(), from_pandas=True)
    domains = pc.utf8_lower(pc.replace_substring_regex(addresses, r"^.*@", ""))
    return domains, pc.is_in(domains, value_set=pa.array(FREE_MAIL_DOMAINS, type=pa.large_string()))


def _email_domain_kind(leads: pd.DataFrame, _: datetime) -> pd.Series:
    domains, is_free = _mail_domains(leads["email"])
    kinds = pc.if_else(pc.is_valid(domains), pc.if_else(is_free, "free", "company"), pa.scalar(None, pa.string()))
    return pd.Series(pd.array(kinds, dtype="str"), index=leads.index)


def _company_size(leads: pd.DataFrame, _: datetime) -> pd.Series:
    employees = leads["employees"].to_numpy(dtype="float64", na_value=np.nan)
    bands = np.array([*SIZE_BANDS, None], dtype=object)
    codes = np.searchsorted(SIZE_EDGES[1:], employees, side="left")
    codes = np.where(np.isnan(employees) | (employees < 0), len(SIZE_BANDS), codes)
    taken = pa.array(bands, type=pa.large_string()).take(pa.array(codes))
    return pd.Series(pd.array(taken, dtype="str"), index=leads.index)


DERIVED: tuple[Derived, ...] = (
    Derived("has_email", "E-mail given", Kind.BOOLEAN, Group.CONTACT, ("email",), _present("email"), "none", True),
    Derived("has_phone", "Phone number given", Kind.BOOLEAN, Group.CONTACT, ("phone", "mobile"),
            _present("phone", "mobile"), "none", True),
    Derived("has_website", "Website given", Kind.BOOLEAN, Group.CONTACT, ("website", "company_domain"),
            _present("website", "company_domain"), "none", True),
    Derived("completeness", "Completeness of the record", Kind.NUMBER, Group.CONTACT,
            tuple(column for slot in COMPLETENESS_SLOTS for column in slot), _completeness, "none", True),
    Derived("email_domain_kind", "Kind of e-mail address", Kind.CATEGORY, Group.FIRMOGRAPHIC, ("email",),
            _email_domain_kind),
    Derived("title_role", "Role in the purchase", Kind.CATEGORY, Group.DEMOGRAPHIC, ("job_title",),
            _title("title_role")),
    Derived("title_seniority", "Seniority of the title", Kind.CATEGORY, Group.DEMOGRAPHIC, ("job_title",),
            _title("title_seniority")),
    Derived("company_size", "Company size", Kind.CATEGORY, Group.FIRMOGRAPHIC, ("employees",), _company_size),
    Derived("engagement_ratio", "Clicks per opened e-mail", Kind.NUMBER, Group.ENGAGEMENT,
            ("email_clicks", "email_opens"), _share("email_clicks", "email_opens"), changeable=True),
    Derived("reply_rate", "Replies per e-mail sent", Kind.NUMBER, Group.ENGAGEMENT, ("email_replies", "emails_sent"),
            _share("email_replies", "emails_sent"), changeable=True),
    Derived("recency_days", "Days since the last activity", Kind.NUMBER, Group.ENGAGEMENT, ("last_activity_at",),
            _days("last_activity_at"), changeable=True),
    Derived("lead_age_days", "Days since the lead was created", Kind.NUMBER, Group.ORIGIN, ("created_at",),
            _days("created_at")),
)

DAY_FEATURES = frozenset({"recency_days", "lead_age_days"})
"""Derived features that count days up to ``as_of``."""
