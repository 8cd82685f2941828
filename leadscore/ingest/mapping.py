"""Headers find their field: by a name known, a name nearly known, or by what the cells hold; each field once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from rapidfuzz.distance import OSA

from leadscore.errors import InvalidRequest
from leadscore.ingest.custom import words_of
from leadscore.ingest.fits import fit, only_yes_no, sample_cells, share_filled, share_of, share_of_emails
from leadscore.ingest.kinds import Cells, read_booleans
from leadscore.ingest.missing import is_missing
from leadscore.ingest.numbers import matches
from leadscore.ingest.outcomes import parse_stages
from leadscore.schema import FIELD_BY_NAME, FIELDS, NUMERIC_KINDS, Kind, OutcomeStage, normalise_header


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


FIELD_OF_ALIAS = {alias: field.name for field in FIELDS for alias in field.aliases}

LEAST_FIT_BY_NAME = 0.5
"""A header known by name needs this share of fitting cells; fewer, and the column means something else."""
LEAST_FIT_BY_LIKENESS = 0.8
SAME_WORDS, TYPING_MISTAKE = 0.85, 0.75
"""Confidence in a header that names a field but for filler words, or but for a slip of the keyboard."""

FILLERS = _words(
    "lead|leads|contact|customer|client|prospect|person|your|the|a|an|of|please|enter|what|is|my|our|their|c|"
    "usd|eur|gbp|inr|primary|main|current"
)
"""Words a header may have beside the words that matter; ``c`` is the suffix of Salesforce's own fields."""
QUANTITY_FILLERS = frozenset({"number", "no", "total", "count", "num", "times"})
NEVER = frozenset({
    "leadtitle", "dealtitle", "dealname", "opportunityname", "leadscore", "hubspotscore", "contactscore", "leadquality",
    "leadprofile", "leadlabels", "rowchecksum", "donotmodifyrowchecksum", "createdby", "modifiedby", "leadtype",
})
"""Headers close to one of ours that mean something else."""
OTHER_PEOPLE = _words(
    "owner|manager|rep|agent|assigned|referrer|referred|secondary|alternate|alternative|other|spouse|"
    "assistant|partner|created|modified|by|from|sender|fax|old|previous|support|billing|user"
)
"""An e-mail address or a number under such a header is not the lead's own."""
SHORTEST_TYPO = 6
LONG_WORD = 10

LIKE_A_PHONE = r"\+[0-9][0-9 ().\-/]{7,}|\(?[0-9]{3}\)?[ .\-/][0-9]{3}[ .\-/][0-9]{4}(?: ?x[0-9]+)?"
LIKE_LINKEDIN = r"(?:https?://)?(?:[a-z]+\.)?linkedin\.com/(?:in|pub)/.*"

BARE_REVENUE = frozenset({"revenue", "revenueusd", "revenueeur", "revenuegbp", "revenues"})
TARGET_WORDS = _words(
    "y|target|label|converted|conversion|convert|won|win|outcome|churn|churned|response|responded|subscribed|"
    "deposit|purchased|purchase|bought|sold|success|tier|class|sale|customer|enrolled|exited"
)
MOST_CLASSES = 10


@dataclass(frozen=True)
class ColumnMatch:
    """The field a column was matched with.

    Parameters
    ----------
    header : str
    field : str or None
        None keeps the column as the user's own.
    confidence : float
        In [0, 1]; 0 without a field.
    how : str
        ``"remembered"``, ``"alias"``, ``"fuzzy"``, ``"content"`` or ``"none"``.
    """

    header: str
    field: str | None
    confidence: float
    how: str


@dataclass(frozen=True)
class _Candidate:
    match: ColumnMatch
    worth: float
    alias_place: int


def map_headers(
    headers: Sequence[str], sample: pd.DataFrame, remembered: Mapping[str, str | None] | None = None
) -> list[ColumnMatch]:
    """Match columns with fields; what the cells hold always has the last word.

    Parameters
    ----------
    headers : sequence of str
        Unique column names of ``sample``.
    sample : DataFrame of str
        The table, or enough rows of it.
    remembered : mapping of str to str or None, optional
        Decisions a person made for this shape of file; they come first.

    Returns
    -------
    list of ColumnMatch
        One per header, in their order; each field at most once.
    """
    cells = {header: sample_cells(sample, header) for header in headers}
    found = _remembered(headers, remembered or {})
    for step in (_by_alias, _by_likeness, _by_content):
        open_headers = [header for header in headers if header not in found]
        taken = {match.field for match in found.values()}
        found |= _best(candidate for header in open_headers for candidate in step(header, cells[header])
                       if candidate.match.field not in taken)
    found = _settle_revenue(found, cells)
    return [found.get(header, ColumnMatch(header, None, 0.0, "none")) for header in headers]


def as_mapping(matches: Sequence[ColumnMatch]) -> dict[str, str | None]:
    """Give the matches as header to field."""
    return {match.header: match.field for match in matches}


def check_mapping(mapping: Mapping[str, str | None], headers: Sequence[str]) -> None:
    """Refuse a mapping that cannot be carried out.

    Raises
    ------
    InvalidRequest
        ``unknown_column``, ``unknown_field`` or ``field_twice``.
    """
    holder: dict[str, str] = {}
    for header, field in mapping.items():
        if header not in headers:
            raise InvalidRequest("unknown_column", f"The file has no column '{header}'.", _known_columns(headers))
        if field is None:
            continue
        if field not in FIELD_BY_NAME:
            raise InvalidRequest("unknown_field", f"There is no field '{field}'.",
                                 f"Fields are: {', '.join(FIELD_BY_NAME)}.")
        if field in holder:
            raise InvalidRequest("field_twice", f"'{holder[field]}' and '{header}' are both mapped to '{field}'.",
                                 "Map one of them, and leave the other as a custom column.")
        holder[field] = header


def parse_overrides(items: Sequence[str], headers: Sequence[str]) -> dict[str, str | None]:
    """Read ``"Header=field"``; ``"Header="`` keeps the column as the user's own.

    Raises
    ------
    InvalidRequest
        ``bad_override``, ``unknown_column``, ``unknown_field`` or ``field_twice``.
    """
    overrides: dict[str, str | None] = {}
    for item in items:
        header, sign, field = item.rpartition("=")
        if not sign:
            raise InvalidRequest("bad_override", f"'{item}' is not 'Header=field'.", "Write e.g. \"Mail=email\".")
        overrides[_find_header(header.strip(), headers)] = _find_field(field.strip())
    check_mapping(overrides, headers)
    return overrides


def with_overrides(mapping: Mapping[str, str | None], overrides: Mapping[str, str | None]) -> dict[str, str | None]:
    """Put a person's corrections into a mapping; a header that held a field asked for elsewhere gives it up."""
    taken = {field for field in overrides.values() if field}
    kept = {header: None if field in taken else field for header, field in mapping.items()}
    return kept | dict(overrides)


def shape_key(headers: Sequence[str]) -> str:
    """Give the fingerprint of a set of headers, whatever their order, case and punctuation."""
    names = sorted(normalise_header(header) or header.strip() for header in headers)
    return hashlib.sha256("\n".join(names).encode("utf-8", "surrogatepass")).hexdigest()


def target_candidates(frame: pd.DataFrame, mapping: Mapping[str, str | None]) -> list[str]:
    """List the headers of a table of text that look like an outcome, best first."""
    headers = list(frame.columns)
    worth = {header: _worth_as_target(header, mapping.get(header), sample_cells(frame, header),
                                      last=header == headers[-1]) for header in headers}
    return sorted((header for header in headers if worth[header] > 0), key=lambda header: -worth[header])


# --- ways to a match ----------------------------------------------------------------------------------------


def _remembered(headers: Sequence[str], remembered: Mapping[str, str | None]) -> dict[str, ColumnMatch]:
    found: dict[str, ColumnMatch] = {}
    taken: set[str] = set()
    for header in headers:
        if header not in remembered:
            continue
        field = remembered[header]
        if field is not None and (field not in FIELD_BY_NAME or field in taken):
            continue
        found[header] = ColumnMatch(header, field, 1.0 if field else 0.0, "remembered")
        taken |= {field} if field else set()
    return found


def _by_alias(header: str, cells: Cells) -> list[_Candidate]:
    name = normalise_header(header)
    field = FIELD_OF_ALIAS.get(name)
    if field is None or name in NEVER:
        return []
    field = _alternative(field, cells)
    fits = fit(FIELD_BY_NAME[field], cells, name)
    if fits < LEAST_FIT_BY_NAME:
        return []
    aliases = FIELD_BY_NAME[field].aliases
    place = aliases.index(name) if name in aliases else len(aliases)
    match = ColumnMatch(header, field, round(0.8 + 0.2 * fits, 3), "alias")
    return [_Candidate(match, round(fits * share_filled(cells), 1), place)]


def _alternative(field: str, cells: Cells) -> str:
    """Tell an outcome in words from one in yes and no, whatever its header calls it."""
    if field == "stage" and only_yes_no(cells):
        return "converted"
    if field == "converted" and fit(FIELD_BY_NAME["converted"], cells, field) < LEAST_FIT_BY_LIKENESS:
        closed = _closed_shares(cells)
        return "stage" if closed[0] > 0 else field
    return field


def _by_likeness(header: str, cells: Cells) -> list[_Candidate]:
    if normalise_header(header) in NEVER:
        return []
    likely = _likely_fields(header)
    best = [field for field, likeness in likely.items() if likeness == max(likely.values())]
    if len(best) != 1:
        return []
    field, likeness = best[0], likely[best[0]]
    fits = fit(FIELD_BY_NAME[field], cells, normalise_header(header))
    if fits < (LEAST_FIT_BY_NAME if likeness >= SAME_WORDS else LEAST_FIT_BY_LIKENESS):
        return []
    return [_Candidate(ColumnMatch(header, field, round(likeness * fits, 3), "fuzzy"), fits * share_filled(cells), 0)]


def _likely_fields(header: str) -> dict[str, float]:
    """Find the fields a header names but for fillers or for a typing mistake, with how likely each is."""
    words = [word for word in words_of(re.sub(r"(?i)\(do not modify\)|__c$", "", header)) if word not in FILLERS]
    plain = _long_enough(normalise_header(header), "".join(words))
    counted = _long_enough("".join(word for word in words if word not in QUANTITY_FILLERS))
    exact = {FIELD_OF_ALIAS[form]: SAME_WORDS for form in plain if form in FIELD_OF_ALIAS}
    exact |= {FIELD_OF_ALIAS[form]: SAME_WORDS for form in counted if form in FIELD_OF_ALIAS and _is_numeric(form)}
    near = [field for alias, field in FIELD_OF_ALIAS.items() if any(_is_typo(form, alias) for form in plain)]
    return dict.fromkeys(near, TYPING_MISTAKE) | exact


def _is_numeric(alias: str) -> bool:
    return FIELD_BY_NAME[FIELD_OF_ALIAS[alias]].kind in NUMERIC_KINDS


def _long_enough(*forms: str) -> set[str]:
    return {form for form in forms if len(form) >= 3}


def _is_typo(form: str, alias: str) -> bool:
    if len(form) < SHORTEST_TYPO or form[0] != alias[0] or abs(len(form) - len(alias)) > 1:
        return False
    if re.sub(r"\D", "", form) != re.sub(r"\D", "", alias):
        return False
    allowed = 2 if min(len(form), len(alias)) >= LONG_WORD else 1
    return bool(OSA.distance(form, alias, score_cutoff=allowed) <= allowed)


def _by_content(header: str, cells: Cells) -> list[_Candidate]:
    present = (cells.distinct != "").to_numpy(bool)
    texts, counts = cells.distinct[present].str.lower(), cells.counts[present]
    if not len(texts) or set(words_of(header)) & OTHER_PEOPLE or len(texts) < 0.5 * counts.sum():
        return []
    shares = {
        "email": share_of_emails(cells),
        "linkedin_url": share_of(texts, counts, matches(texts, LIKE_LINKEDIN)),
        "phone": share_of(texts, counts, matches(texts, LIKE_A_PHONE)),
    }
    field = max(shares, key=lambda name: shares[name])
    if shares[field] < LEAST_FIT_BY_LIKENESS:
        return []
    return [_Candidate(ColumnMatch(header, field, round(0.7 * shares[field], 3), "content"), shares[field], 0)]


def _best(candidates: Iterable[_Candidate]) -> dict[str, ColumnMatch]:
    """Give each field to the column that serves it best: most fitting cells, then the more usual name."""
    ranked = sorted(candidates, key=lambda each: (-each.worth, each.alias_place))
    winners: dict[str | None, ColumnMatch] = {}
    for candidate in ranked:
        winners.setdefault(candidate.match.field, candidate.match)
    return {match.header: match for match in winners.values()}


# --- what revenue means -------------------------------------------------------------------------------------


def _settle_revenue(found: dict[str, ColumnMatch], cells: Mapping[str, Cells]) -> dict[str, ColumnMatch]:
    """Without any outcome beside it, a bare 'Revenue' is the company's, not a deal's."""
    holders = {match.field: header for header, match in found.items()}
    header = holders.get("revenue")
    if header is None or normalise_header(header) not in BARE_REVENUE or "annual_revenue" in holders:
        return found
    if found[header].how == "remembered" or _has_outcome(found, cells):
        return found
    return found | {header: replace(found[header], field="annual_revenue")}


def _has_outcome(found: Mapping[str, ColumnMatch], cells: Mapping[str, Cells]) -> bool:
    fields = {match.field: header for header, match in found.items()}
    if fields.keys() & {"converted", "converted_at", "lost_reason"}:
        return True
    if "stage" in fields and max(_closed_shares(cells[fields["stage"]])) > 0:
        return True
    return any(_worth_as_target(header, None, cells[header]) >= 60 for header in cells if header not in found)


# --- outcomes -----------------------------------------------------------------------------------------------


def _worth_as_target(header: str, field: str | None, cells: Cells, *, last: bool = False) -> int:
    """Say how much a column looks like an outcome, from 0 (not at all) to 100 (it is mapped as one)."""
    classes = _classes(cells)
    won, lost = _closed_shares(cells)
    if field == "converted":
        return 100
    if field == "stage":
        return 90 if won > 0 else 50 * (lost > 0)
    if field is not None or not 2 <= classes <= MOST_CLASSES:
        return 0
    if set(words_of(header)) & TARGET_WORDS:
        return 80 if classes == 2 else 60
    if won > 0 and lost > 0 and won + lost >= 0.8 and not _answers_yes_no(cells):
        return 70
    return 30 * (last and classes == 2)


def _classes(cells: Cells) -> int:
    missing = is_missing(cells.distinct, Kind.CATEGORY)
    return int(cells.distinct[~missing].str.lower().nunique())


def _answers_yes_no(cells: Cells) -> bool:
    """Tell a column that answers some question with yes and no, or counts 0 and 1."""
    return bool(read_booleans(cells.distinct).notna().any())


def _closed_shares(cells: Cells) -> tuple[float, float]:
    """Give the shares of cells that say converted and lost."""
    if len(cells.distinct) > 200:
        return 0.0, 0.0
    stages = parse_stages(cells.distinct)
    total = max(1, int(cells.counts.sum()))
    won, lost = (float(cells.counts[(stages == stage).to_numpy(bool)].sum()) / total
                 for stage in (OutcomeStage.CONVERTED, OutcomeStage.LOST))
    return won, lost


# --- what a person typed ------------------------------------------------------------------------------------


def _find_header(wanted: str, headers: Sequence[str]) -> str:
    if wanted in headers:
        return wanted
    alike = [header for header in headers if normalise_header(header) == normalise_header(wanted)]
    if len(alike) == 1:
        return alike[0]
    raise InvalidRequest("unknown_column", f"The file has no column '{wanted}'.", _known_columns(headers))


def _find_field(wanted: str) -> str | None:
    if not wanted:
        return None
    names = {normalise_header(name): name for name in FIELD_BY_NAME}
    labels = {normalise_header(field.label): field.name for field in FIELDS}
    return names.get(normalise_header(wanted)) or labels.get(normalise_header(wanted)) or wanted


def _known_columns(headers: Sequence[str]) -> str:
    shown = ", ".join(f"'{header}'" for header in list(headers)[:30])
    return f"Its columns are: {shown}{', …' if len(headers) > 30 else ''}."
