"""Reads a job title: what part its holder plays in a purchase, and how senior they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

DECISION_MAKER = "decision_maker"
INFLUENCER = "influencer"
OTHER = "other"

SENIORITY_PATTERNS: tuple[tuple[str, str], ...] = (
    # assistants carry their principal's title, and product owners own nothing: both come before the real ones
    ("staff", r"\b(assistant|secretary|intern|trainee|apprentice|student|pa) (to|of)\b|"
              r"\b(executive|personal) assistant\b|['’]s (assistant|secretary|pa)\b|^intern\b"),
    ("senior", r"\b(product|process|scrum) owner\b"),
    ("vp", r"\b(s|e|a)?vp\b|\bvice[- ]pres(ident|\b)"),
    ("owner", r"founder|\bowner\b|\bproprietor\b|inhaber|\bgr[uü]e?nder|\bpropri[eé]taire\b|\bself[- ]employed\b"),
    ("c_level", r"\bchief\b|\bc[efmotipsrdclx]o\b|\b(ciso|chro|caio)\b|\bc[- ](level|suite)\b|\bpresident\b|"
                r"\bmanaging (director|partner)\b|\bgesch[aä]e?ftsf|\bvorstand|\bpdg\b|\bg[eé]rant"),
    ("head", r"\bhead\b|leiter(in)?\b|\bgeneral manager\b|\bpartner\b"),
    ("director", r"\bdirector|\bdirecteur|\bdirectrice|\bdirektor"),
    ("manager", r"\bmanager|\bmgr\b|\blead(er)?\b|\bsupervisor\b|\bresponsable\b"),
    ("senior", r"\bsenior\b|\bsr\b|\bprincipal\b|\bexpert\b|\barchitect\b|\bconsultant\b|\badvisor\b"),
    ("junior", r"\bjunior\b|\bjr\b|\bintern\b|\btrainee\b|\bapprentice\b|\bstudent\b|\bassistant\b"),
)
"""Seniority and the words (RE2, any case) that show it; the first match wins."""

ROLE_OF_SENIORITY = {
    "c_level": DECISION_MAKER, "owner": DECISION_MAKER, "vp": DECISION_MAKER, "head": DECISION_MAKER,
    "director": DECISION_MAKER, "manager": INFLUENCER, "senior": INFLUENCER,
    "junior": OTHER, "staff": OTHER,
}


def read_titles(titles: pd.Series) -> pd.DataFrame:
    """Give the role and seniority of every job title.

    Parameters
    ----------
    titles : Series of str, shape (n_leads,)
        Job titles, missing where none is known.

    Returns
    -------
    DataFrame
        ``title_role`` (decision_maker, influencer, other) and ``title_seniority`` (c_level, owner, vp, head, director,
        manager, senior, staff, junior), dtype str, missing where the title is.
    """
    codes, uniques = pd.factorize(titles)
    seniority = _seniority(pa.array(uniques, type=pa.large_string(), from_pandas=True))
    role = np.array([ROLE_OF_SENIORITY.get(level, OTHER) for level in seniority] + [None], dtype=object)
    level = np.array([*seniority, None], dtype=object)
    return pd.DataFrame({"title_role": _take(role, codes, titles.index),
                         "title_seniority": _take(level, codes, titles.index)}, index=titles.index)


def _seniority(titles: pa.Array) -> list[str]:
    """Give each distinct title the first seniority whose words it holds; V.P. is VP, and head_of is head of."""
    titles = pc.replace_substring_regex(titles, r"\b([A-Za-z])\.(\b|$)", r"\1")
    titles = pc.replace_substring_regex(titles, r"[\s_]+", " ")
    result = np.full(len(titles), "staff", dtype=object)
    for level, pattern in reversed(SENIORITY_PATTERNS):
        hits = pc.match_substring_regex(titles, pattern, ignore_case=True)
        result[hits.to_numpy(zero_copy_only=False).astype(bool)] = level
    return [str(level) for level in result]


def _take(values: np.ndarray, codes: np.ndarray, index: pd.Index) -> pd.Series:
    """Spread few distinct strings over all leads; code -1 is the last, missing one."""
    taken = pa.array(values, type=pa.large_string()).take(pa.array(codes % len(values)))
    return pd.Series(pd.array(taken, dtype="str"), index=index)
