"""What the outcome columns of a file say about how far each lead has come, and where they contradict each other."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd

from leadscore.ingest.dates import read_dates
from leadscore.schema import CLOSED_STAGES, OutcomeStage, normalise_header

_STAGES: dict[OutcomeStage, str] = {
    OutcomeStage.NEW: (
        # HubSpot lifecycle and lead status
        "subscriber|lead|other|new|open|open lead|not contacted|open - not contacted|untouched|unassigned|raw|inbound|"
        # Dynamics, Pipedrive, Zoho, spread-sheets
        "prospect|prospecting|suspect|created|received|imported|pending|to contact|to be contacted|fresh|active|"
        "neu|nouveau|nuevo|offen|lead in|incoming"
    ),
    OutcomeStage.CONTACTED: (
        "contacted|attempted|attempting|attempted to contact|attempting to contact|contact attempted|contact in future|"
        "connected|contact made|in progress|working|working - contacted|open - contacted|nurture|nurturing|in contact|"
        "engaged|follow up|follow-up|following up|bad timing|on hold|callback|call back|replied|responded|assigned|"
        "no answer|ringing|busy|kontaktiert|contacté|contactado|in bearbeitung|meeting requested|interested|recycled"
    ),
    OutcomeStage.QUALIFIED: (
        "qualified|pre-qualified|pre qualified|mql|sql|sal|marketing qualified lead|sales qualified lead|"
        "marketing qualified|sales qualified|sales accepted|opportunity|open deal|qualification|needs analysis|"
        "value proposition|id. decision makers|id decision makers|perception analysis|proposal|proposal made|"
        "proposal sent|proposal/price quote|quote sent|quoted|negotiation|negotiation/review|negotiations started|"
        "demo|demo scheduled|demo booked|demo done|meeting scheduled|meeting booked|appointment scheduled|"
        "qualified to buy|presentation scheduled|decision maker bought-in|contract sent|evaluation|trial|"
        "qualifiziert|qualifié|calificado|product qualified lead|pql|verbal commitment"
    ),
    OutcomeStage.CONVERTED: (
        "converted|won|closed won|closed - won|closed-won|closed (won)|deal won|customer|evangelist|client|sold|sale|"
        "purchased|bought|closed - converted|closed converted|qualified - converted|became customer|signed|"
        "paying customer|paid|subscribed|enrolled|success|successful|active customer|existing customer|win|"
        "order placed|gewonnen|kunde|gagné|ganado|cliente|konvertiert|yes|true|1"
    ),
    OutcomeStage.LOST: (
        "lost|closed lost|closed - lost|closed-lost|closed (lost)|deal lost|lost lead|junk|junk lead|unqualified|"
        "not qualified|disqualified|closed - not converted|closed not converted|not converted|unconverted|dead|"
        "dead lead|rejected|not interested|no longer interested|cannot contact|canceled|cancelled|invalid|spam|"
        "failed|failure|churned|declined|wrong number|duplicate|archived|do not contact|bad lead|bad data|"
        "unresponsive|lost to competitor|closed|verloren|perdu|perdido|abandoned|loss|no|false|0"
    ),
}
STAGE_OF = {
    normalise_header(spelling): stage for stage, spellings in _STAGES.items() for spelling in spellings.split("|")
}
"""Letters and digits of a status, as CRMs and people write it, to the stage it means."""

LOST_PATTERN = re.compile(
    r"\b(lost|junk|unqualif\w*|disqualif\w*|not (?:qualified|interested|converted|won)|dead|reject\w*|churn\w*|"
    r"cancel\w*|not a (?:fit|customer)|no longer)\b"
)
NEGATED = re.compile(r"\b(?:not|non|no|un|never|nicht|pas)\b")
WON_PATTERN = re.compile(r"\b(won|converted|customer|purchased|bought|sold|enrolled)\b")
QUALIFIED_PATTERN = re.compile(r"\b(qualif\w*|opportunity|proposal|negotiat\w*|demo|quote|contract|trial)\b")
CONTACTED_PATTERN = re.compile(r"\b(contact\w*|attempt\w*|follow\w*|nurtur\w*|progress|called|replied|connect\w*)\b")
POSSIBLY_FUTURE = re.compile(r"\b(potential|future|prospective|possible|likely|expected)\b")

HISTORY_SPLIT = re.compile(r"\s*(?:;|\||\n|→|=>|->|>|,(?=\s*[^\W\d_]))\s*")
HISTORY_DATE = re.compile(
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?|"
    r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|[0-9]{1,2} [A-Za-z]{3,9} [0-9]{4}|[A-Za-z]{3,9} [0-9]{1,2},? [0-9]{4}"
)

STAGE_KEYS = ("stage", "status", "to", "value", "name")
MOMENT_KEYS = ("date", "at", "timestamp", "time", "entered_at", "changed_at")


def parse_outcome(text: str) -> OutcomeStage | None:
    """Read a status as people and CRMs write it.

    Returns
    -------
    OutcomeStage or None
        None when the words say nothing about the outcome.
    """
    known = STAGE_OF.get(normalise_header(text))
    return known if known is not None else _by_words(text.casefold())


def _by_words(text: str) -> OutcomeStage | None:
    """Judge a status never seen by its words; a loss is looked for first, since 'not converted' names both."""
    if LOST_PATTERN.search(text):
        return OutcomeStage.LOST
    if NEGATED.search(text):
        return OutcomeStage.NEW if CONTACTED_PATTERN.search(text) else None
    if WON_PATTERN.search(text) and not POSSIBLY_FUTURE.search(text):
        return OutcomeStage.CONVERTED
    if QUALIFIED_PATTERN.search(text):
        return OutcomeStage.QUALIFIED
    return OutcomeStage.CONTACTED if CONTACTED_PATTERN.search(text) else None


def parse_stages(texts: pd.Series) -> pd.Series:
    """Read statuses; each distinct one once.

    Returns
    -------
    Series of str, shape (n,)
        A stage, or missing where the text says nothing about the outcome.
    """
    codes, distinct = pd.factorize(texts)
    stages = [parse_outcome(str(text)) for text in distinct]
    read = pd.Series([None if stage is None else str(stage) for stage in stages], dtype="str")
    return pd.Series(read.array.take(codes, allow_fill=True), index=texts.index, dtype="str")


def outcome_stage(leads: pd.DataFrame) -> pd.DataFrame:
    """Derive each lead's stage from all outcome columns it has.

    What ``converted`` says wins over a status that closes the lead otherwise. A no means lost when the column has
    both values, unless the status says that the lead is still open. A closing date alone means converted, a reason
    for loss alone means lost.

    Parameters
    ----------
    leads : DataFrame of shape (n_leads, n_columns)
        A leads frame.

    Returns
    -------
    DataFrame of shape (n_leads, 4)
        ``stage`` (str, an :class:`OutcomeStage`), ``open`` (bool: can still go either way), ``at`` (moment of the
        outcome, NaT when open or unknown), ``contradictory`` (bool: the columns disagree).
    """
    status = parse_stages(leads["stage"]) if "stage" in leads else _missing_text(leads)
    won, lost = _converted_flags(leads)
    closed_on = leads["converted_at"] if "converted_at" in leads else _no_moments(leads)
    reason = leads["lost_reason"].notna() if "lost_reason" in leads else pd.Series(False, index=leads.index)
    status_won, status_lost = status == OutcomeStage.CONVERTED, status == OutcomeStage.LOST
    status_open = status.notna() & ~status_won & ~status_lost

    converted = won | (status_won & ~lost)
    gone = ~converted & (status_lost | (lost & ~status_open) | (reason & ~status_open))
    by_date = ~converted & ~gone & status.isna() & ~lost & closed_on.notna()
    converted = converted | by_date
    stage = status.where(status_open, str(OutcomeStage.NEW))
    stage = stage.mask(converted, str(OutcomeStage.CONVERTED)).mask(gone, str(OutcomeStage.LOST)).astype("str")
    contradictory = (won & (status_lost | reason)) | (lost & status_won) | (status_won & reason)
    return pd.DataFrame({
        "stage": stage, "open": ~(converted | gone), "at": closed_on.where(converted | gone),
        "contradictory": contradictory.astype(bool),
    })


def _converted_flags(leads: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    if "converted" not in leads:
        never = pd.Series(False, index=leads.index)
        return never, never
    flag = leads["converted"]
    won, lost = flag.fillna(False).astype(bool), (~flag).fillna(False).astype(bool)
    # a column that only ever says no has not been filled in yet: nobody is lost
    return won, lost if bool(won.any()) else pd.Series(False, index=leads.index)


def _missing_text(leads: pd.DataFrame) -> pd.Series:
    return pd.Series([None] * len(leads), index=leads.index, dtype="str")


def _no_moments(leads: pd.DataFrame) -> pd.Series:
    return pd.Series(pd.NaT, index=leads.index, dtype="datetime64[us, UTC]")


def says_outcome(texts: pd.Series) -> np.ndarray:
    """Tell which distinct texts name an outcome or a stage on the way to one."""
    return parse_stages(texts).notna().to_numpy(bool)


def stage_steps(histories: pd.Series) -> pd.DataFrame:
    """Read histories of stages such as ``New (2024-01-02) > Contacted (2024-01-05)`` or a JSON list.

    Parameters
    ----------
    histories : Series of str, shape (n,)

    Returns
    -------
    DataFrame with a row per step
        ``row`` (position among the histories), ``stage`` (str, an :class:`OutcomeStage`), ``at`` (UTC); by row, then
        by time. Pieces without a date, and stages whose words say nothing, are left out.
    """
    told = [(row, *piece) for row, text in enumerate(histories.tolist()) if isinstance(text, str)
            for piece in _pieces(text)]
    rows, stages, moments = zip(*told, strict=True) if told else ((), (), ())
    codes, distinct = pd.factorize(pd.Series(moments, dtype="str"))
    dates = read_dates(pd.Series(distinct, dtype="str"), bare_numbers=False).values
    steps = pd.DataFrame({
        "row": np.array(rows, dtype=np.int64), "stage": parse_stages(pd.Series(stages, dtype="str")).array,
        "at": dates.array.take(codes),
    })
    return steps.dropna().sort_values(["row", "at"], kind="stable", ignore_index=True)


def dated_by_history(stages: pd.DataFrame, steps: pd.DataFrame, *, is_told: bool) -> pd.DataFrame:
    """Let histories say when leads reached their stage and, where no other column tells, which stage it is.

    Parameters
    ----------
    stages : DataFrame of shape (n_leads, 4)
        From :func:`outcome_stage`.
    steps : DataFrame
        From :func:`stage_steps` on the histories of the same leads.
    is_told : bool
        Whether another column tells the stage.

    Returns
    -------
    DataFrame of shape (n_leads, 4)
    """
    last = steps.drop_duplicates("row", keep="last").set_index("row").reindex(np.arange(len(stages)))
    last = last.set_axis(stages.index)
    stage = stages["stage"] if is_told else last["stage"].fillna(stages["stage"])
    at = stages["at"].fillna(last["at"].where(last["stage"] == stage))
    return stages.assign(stage=stage.astype("str"), at=at, open=~stage.isin([str(end) for end in CLOSED_STAGES]))


def _pieces(text: str) -> list[tuple[str, str]]:
    return _json_pieces(text) if text.lstrip().startswith("[") else _text_pieces(text)


def _text_pieces(text: str) -> list[tuple[str, str]]:
    found = [(piece, HISTORY_DATE.search(piece)) for piece in HISTORY_SPLIT.split(text)]
    return [((piece[:date.start()] + piece[date.end():]).strip(" ()[]:,-–@=\t").removesuffix(" on"), date.group())
            for piece, date in found if date]


def _json_pieces(text: str) -> list[tuple[str, str]]:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        return []
    pairs = [_json_pair(entry) for entry in entries if isinstance(entry, dict)]
    return [(stage, moment) for stage, moment in pairs if stage and moment]


def _json_pair(entry: dict[str, object]) -> tuple[str, str]:
    stage = next((entry[key] for key in STAGE_KEYS if key in entry), "")
    moment = next((entry[key] for key in MOMENT_KEYS if key in entry), "")
    return str(stage), str(moment)
