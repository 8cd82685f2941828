"""Looks at every column on its own for signs that it knows the outcome, and says why a column is set aside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from leadscore.modeling.encoding import MODELLED_KINDS, Floats, Rows, has_shared_words, means_codes, words_of
from leadscore.modeling.evaluation import roc_auc
from leadscore.schema import NUMERIC_KINDS, Kind

SAMPLE = 20_000
"""Columns are judged on at most this many leads; more would not change a verdict."""
FOLDS = 5
BINS = 20
PRIOR_ROWS = 20.0
SAME = 0.995
NEARLY_SAME = 0.97
"""A copy of the outcome with two cells in a hundred wrong still reaches 0.98."""
TOO_GOOD = 0.90
VERY_GOOD = 0.80
GOOD_FOR_AFTERTHOUGHT = 0.75
FILLED_TELLS = 0.85
FILLED_HINTS = 0.75
FILLED_FOR_AFTERTHOUGHT = 0.65
NEARLY_UNIQUE = 0.5
ENOUGH_TO_BE_UNIQUE = 50
PURE = 0.95
NAMED_SHARE = 0.005
USUAL_SHARE = 0.2
"""A value that this share of the leads carry may mean “nothing here”, as 0 does in an amount."""
CONTRARY_EXPECTED = 10.0
"""Leads that ought to have ended otherwise by the base rate alone; only then does it say much that none did."""
CONTRARY_SHARE = 0.1
CONTRARY_RATE = 0.02
TELLING_COVERAGE = 0.1
"""A pure cell that holds a smaller part of the converted (or lost) leads may be an honest, rare sign."""
LATER_TELLS = 0.2
LATER_HINTS = 0.03
ENOUGH_MOMENTS = 20
ONE_DAY = pd.Timedelta(days=1)
FEW_OTHERS = 5
"""Fewer leads than this that differ from all others are nothing to learn from."""
ENOUGH_TO_BE_CONSTANT = 50

EARLIER = re.compile(r"\b(previous|prior|past|earlier|historical|p outcome)\b")
OUTCOME_NAME = re.compile(
    r"\b(converted|conversion (date|time|status|at|on|flag)|date converted|won|lost|outcome|churn(ed)?|"
    r"(deal|sales?|lead|opportunity) loss|"
    r"(win|won|lost|loss|closed?|rejection) reason|reason (for )?(loss|losing|lost|rejection)|"
    r"closed? (date|at|on|time|won|lost|status)|date closed|deal (amount|value|revenue|stage|status|size)|"
    r"became customer|customer since|contract (signed|date|value|number)|invoice|sales? (amount|date|value|price)|"
    r"order (date|number)|purchase date|enrol(l)?ment (date|status)|won (amount|value))\b|(^|/ )loss( /|$)"
)
AFTERTHOUGHT_NAME = re.compile(
    r"\b(tags?|leads? (quality|score|grade|rating|status|stage|profile|rank|temperature|classification|segment)|"
    r"(activity|profile|engagement|prospect|propensity|sales|fit|predicted|likelihood|asymmetrique|einstein|"
    r"behaviou?r(al)?) (score|index|grade|rating|rank|quality)|rating|disposition|qualification( status)?|"
    r"next (step|steps|action|activity)|notable|(last|record|date|time) (modified|updated|changed)|"
    r"(modified|updated) (at|on|date|time|by)|win probability|deal probability|probability|forecast( category)?|"
    r"pipeline( stage)?|status reason|call (duration|length|result|outcome)|talk time|^duration)\b|^duration$"
)
OUTCOME_VALUE = re.compile(
    r"\b(closed|won|lost|converted|sold|customer|purchased|enrolled|not interested|already a|bought|signed|invalid|"
    r"junk|rejected|paid)\b(?! (?:social|search|ads?|media|traffic|campaign|lists?|success|service|referral))"
)
RECORD_VALUE = re.compile(r"^(modified|updated|edited|changed|record (modified|updated|changed))$")
ID_WORDS = frozenset(
    {"id", "ids", "number", "no", "nr", "num", "key", "uuid", "guid", "ref", "reference", "serial", "index", "row"}
)


class Cause(StrEnum):
    """Why a column is set aside or suspected."""

    DROPPED = "dropped"
    IDENTIFIER = "identifier"
    CONSTANT = "constant"
    NOT_MODELLED = "not_modelled"
    REPEATS_OUTCOME = "repeats_outcome"
    NAMES_OUTCOME = "names_outcome"
    VALUES_NAME_OUTCOME = "values_name_outcome"
    LATER_THAN_OUTCOME = "later_than_outcome"
    TOO_GOOD = "too_good_alone"
    FILLED_BY_OUTCOME = "filled_by_outcome"
    FILLED_AFTERWARDS = "filled_in_afterwards"
    DERIVED = "derived_from_set_aside"
    KEPT = "kept_on_request"


BEYOND_LUCK = np.log(1e-3)
"""A few leads of one value that all ended alike may have done so by luck; a thousand to one is not luck."""


@dataclass(frozen=True)
class Finding:
    """One column and what speaks against it."""

    column: str
    label: str
    code: Cause
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Give column, label, code and reason."""
        return asdict(self)


@dataclass(frozen=True)
class Screen:
    """Columns kept out of the model, and columns kept in it with a warning."""

    set_aside: tuple[Finding, ...]
    suspects: tuple[Finding, ...]

    @property
    def columns_set_aside(self) -> frozenset[str]:
        """Names of the columns kept out."""
        return frozenset(finding.column for finding in self.set_aside)


@dataclass(frozen=True)
class _Later:
    """How often a date lies after the day of the outcome, among the leads that have both."""

    rows: int
    share: float


NEVER = _Later(0, 0.0)


@dataclass(frozen=True)
class _Column:
    """What the tests of one column look at."""

    name: str
    label: str
    words: str
    kind: Kind | None
    values: pd.Series
    y: Floats
    power: float
    filled_power: float
    later: _Later


def screen(
    features: pd.DataFrame,
    kinds: Mapping[str, Kind],
    y: Floats,
    *,
    labels: Mapping[str, str] | None = None,
    sources: Mapping[str, tuple[str, ...]] | None = None,
    moments: pd.Series | None = None,
    dates: pd.DataFrame | None = None,
    random_state: int = 0,
) -> Screen:
    """Judge every column on training leads.

    Parameters
    ----------
    features : DataFrame of shape (n_leads, n_columns)
        Training leads only, all with a known outcome.
    kinds : mapping of column to Kind
    y : ndarray of shape (n_leads,), 0 or 1, both present
    labels : mapping of column to what people call it, optional
    sources : mapping of column to the columns it is computed from, optional
        What is computed from a column set aside is set aside too.
    moments : Series of shape (n_leads,), UTC, optional
        When each outcome was known; missing where nobody wrote it down.
    dates : DataFrame of shape (n_leads, any), UTC, optional
        The dates behind those columns that count days, under the names of these columns.
    random_state : int

    Returns
    -------
    Screen
        Findings in the order of the columns; a column is named once.
    """
    rows = _sample(len(y), random_state)
    leads, outcome = features.iloc[rows], y[rows]
    later = _later_than(moments, dates, rows)
    fold = _fold_numbers(outcome, random_state)
    set_aside: list[Finding] = []
    suspects: list[Finding] = []
    for name in features.columns:
        column = _look_at(name, leads[name], kinds.get(name), outcome, fold, labels or {}, later.get(name, NEVER))
        if finding := _first(column, _GROUNDS):
            set_aside.append(finding)
        elif finding := _first(column, _HINTS):
            suspects.append(finding)
    derived = _derived(features.columns, set_aside, sources or {}, labels or {})
    aside = (*set_aside, *derived)
    names = {finding.column for finding in aside}
    return Screen(aside, tuple(finding for finding in suspects if finding.column not in names))


def column_power(values: pd.Series, kind: Kind | None, y: Floats, *, random_state: int = 0) -> float:
    """Give the area under the curve one column reaches alone on leads its rates were not computed from, ≥ 0.5."""
    return _power(_cells(values, kind), y, _fold_numbers(y, random_state))


def _look_at(
    name: str, values: pd.Series, kind: Kind | None, y: Floats, fold: Rows, labels: Mapping[str, str], later: _Later
) -> _Column:
    label = labels.get(name, name.removeprefix("custom:"))
    words = f"{' '.join(words_of(name))} / {' '.join(words_of(label))}"
    filled: Floats = values.notna().to_numpy().astype(np.float64)
    power = _power(_cells(values, kind), y, fold) if kind in MODELLED_KINDS else 0.5
    return _Column(name, label, words, kind, values, y, power, roc_auc(y, filled), later)


def _later_than(moments: pd.Series | None, dates: pd.DataFrame | None, rows: Rows) -> dict[str, _Later]:
    """Compare days, not hours: a lead is often closed and called on the same day, in either order."""
    if moments is None or dates is None:
        return {}
    closed = _days(moments, rows)
    found = {}
    for name in dates.columns:
        day = _days(dates[name], rows)
        both = ~(np.isnat(day) | np.isnat(closed))
        found[str(name)] = _Later(int(both.sum()), float((day > closed)[both].mean()) if both.any() else 0.0)
    return found


def _days(moments: pd.Series, rows: Rows) -> npt.NDArray[np.datetime64]:
    days: npt.NDArray[np.datetime64] = moments.iloc[rows].dt.tz_localize(None).dt.floor(ONE_DAY).to_numpy()
    return days


def _sample(rows: int, random_state: int) -> Rows:
    if rows <= SAMPLE:
        return np.arange(rows)
    return np.sort(np.random.default_rng(random_state).choice(rows, SAMPLE, replace=False))


def _fold_numbers(y: Floats, random_state: int) -> Rows:
    number = np.zeros(len(y), dtype=np.intp)
    folds = int(min(FOLDS, y.sum(), (1 - y).sum()))
    if folds < 2:
        return np.arange(len(y)) % FOLDS
    splitter = StratifiedKFold(folds, shuffle=True, random_state=random_state)
    for fold, (_, rows) in enumerate(splitter.split(y, y.astype(int))):
        number[rows] = fold
    return number


def _cells(values: pd.Series, kind: Kind | None) -> Rows:
    """Cut a column into cells: quantile bins or values; missing is a cell of its own."""
    if (kind in NUMERIC_KINDS or kind is Kind.BOOLEAN) and not means_codes(values, str(values.name)):
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        if np.isfinite(numbers).sum() < 2:
            return np.asarray(np.isfinite(numbers), dtype=np.intp)
        edges: Floats = np.unique(np.quantile(numbers[np.isfinite(numbers)], np.linspace(0, 1, BINS + 1)[1:-1]))
        return np.asarray(np.where(np.isfinite(numbers), np.searchsorted(edges, numbers, side="left") + 1, 0))
    codes, _ = pd.factorize(values)
    return np.asarray(codes + 1)


def _power(cells: Rows, y: Floats, fold: Rows) -> float:
    """Score each lead by its cell's conversion rate in the other folds and see how well that ranks."""
    folds, size = int(fold.max()) + 1, int(cells.max()) + 1
    both = np.bincount(fold * size + cells, minlength=folds * size).reshape(folds, size)
    won = np.bincount(fold * size + cells, weights=y, minlength=folds * size).reshape(folds, size)
    others, others_won = both.sum(axis=0) - both, won.sum(axis=0) - won
    rates = (others_won + PRIOR_ROWS * y.mean()) / (others + PRIOR_ROWS)
    # judged fold by fold: the base rates of the folds differ a little, which would rank them against each other
    areas = [roc_auc(y[fold == f], rates[f, cells[fold == f]]) for f in range(folds)]
    return max(0.5, float(np.nanmean(areas)))


def _first(column: _Column, grounds: Iterable[Callable[[_Column], tuple[Cause, str] | None]]) -> Finding | None:
    for ground in grounds:
        if found := ground(column):
            return Finding(column.name, column.label, *found)
    return None


def _not_modelled(column: _Column) -> tuple[Cause, str] | None:
    if column.kind in {Kind.IDENTIFIER, Kind.EMAIL, Kind.PHONE, Kind.URL}:
        return Cause.IDENTIFIER, "It identifies a lead, it does not describe one."
    if column.kind not in MODELLED_KINDS:
        return Cause.NOT_MODELLED, "Values of this kind are not used by models."
    return None


def _constant(column: _Column) -> tuple[Cause, str] | None:
    filled = column.values.dropna()
    if not len(filled):
        return Cause.CONSTANT, "It is empty."
    if filled.nunique() == 1 and (len(filled) == len(column.values) or column.power <= 0.5):
        return Cause.CONSTANT, "Every lead has the same value."
    if len(column.values) < ENOUGH_TO_BE_CONSTANT:
        return None
    if len(filled) < FEW_OTHERS:
        return Cause.CONSTANT, f"It is filled for {len(filled)} of {len(column.values):,} leads."
    others = len(column.values) - int(filled.value_counts().iloc[0])
    if others < FEW_OTHERS:
        return Cause.CONSTANT, f"All leads but {others} have the same value."
    return None


def _identifier(column: _Column) -> tuple[Cause, str] | None:
    filled = column.values.dropna()
    if len(filled) < ENOUGH_TO_BE_UNIQUE:
        return None
    share = filled.nunique() / len(filled)
    if column.kind is Kind.CATEGORY and share > NEARLY_UNIQUE:
        return Cause.IDENTIFIER, f"Nearly every lead has its own value ({filled.nunique():,} in {len(filled):,})."
    if column.kind is Kind.TEXT and not has_shared_words(column.values):
        return Cause.IDENTIFIER, "No word in it is shared by enough leads to learn from."
    if column.kind in NUMERIC_KINDS and share > 0.99 and _counts_up(filled, column):
        return Cause.IDENTIFIER, "It numbers the leads: a different whole number for each."
    return None


def _counts_up(filled: pd.Series, column: _Column) -> bool:
    numbers = pd.to_numeric(filled, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if not (numbers % 1 == 0).all():
        return False
    named = bool(ID_WORDS & set(column.words.split()))
    steady = abs(pd.Series(numbers).corr(pd.Series(np.arange(len(numbers))), method="spearman")) > 0.99
    return named or bool(steady)


def _repeats_outcome(column: _Column) -> tuple[Cause, str] | None:
    filled_power = max(column.filled_power, 1 - column.filled_power)
    if max(column.power, filled_power) >= SAME:
        return Cause.REPEATS_OUTCOME, "It says the same as the outcome itself."
    if column.power >= NEARLY_SAME and filled_power < FILLED_TELLS:
        return Cause.REPEATS_OUTCOME, f"It says nearly the same as the outcome itself (AUC {column.power:.2f} alone)."
    return None


def _later_than_outcome(column: _Column) -> tuple[Cause, str] | None:
    if column.later.rows < ENOUGH_MOMENTS or column.later.share < LATER_TELLS:
        return None
    return Cause.LATER_THAN_OUTCOME, (
        f"For {column.later.share:.0%} of decided leads it is later than the outcome, so it tells of the time after it."
    )


def _sometimes_later(column: _Column) -> tuple[Cause, str] | None:
    if column.later.rows < ENOUGH_MOMENTS or column.later.share < LATER_HINTS:
        return None
    return Cause.LATER_THAN_OUTCOME, f"For {column.later.share:.0%} of decided leads it is later than the outcome."


def _names_outcome(column: _Column) -> tuple[Cause, str] | None:
    if OUTCOME_NAME.search(column.words) and not EARLIER.search(column.words):
        return Cause.NAMES_OUTCOME, "Its name speaks of the outcome, so it is known only afterwards."
    return None


def _values_name_outcome(column: _Column) -> tuple[Cause, str] | None:
    if column.kind not in {Kind.CATEGORY, Kind.TEXT} or EARLIER.search(column.words):
        return None
    groups = pd.Series(column.y).groupby(column.values.astype("str").str.casefold().to_numpy())
    rates, counts = groups.mean(), groups.size()
    named = rates.index.to_series().map(lambda value: bool(OUTCOME_VALUE.search(str(value)))).to_numpy(dtype=bool)
    # purity must exceed what the base rate gives for nothing
    base = column.y.mean()
    won_by_luck, lost_by_luck = counts * np.log(base), counts * np.log1p(-base)
    pure = ((rates >= PURE) & (base < PURE) & (won_by_luck < BEYOND_LUCK)
            | (rates <= min(1 - PURE, base / 4)) & (lost_by_luck < BEYOND_LUCK))
    telling = rates.index[named & pure.to_numpy() & (counts >= max(10, NAMED_SHARE * len(column.y))).to_numpy()]
    if not len(telling):
        return None
    shown = ", ".join(f"“{value[:40]}”" for value in telling[:3])
    return Cause.VALUES_NAME_OUTCOME, f"Its values name the outcome: {shown}."


def _filled_by_outcome(column: _Column) -> tuple[Cause, str] | None:
    filled = column.values.notna().to_numpy()
    tells = max(column.filled_power, 1 - column.filled_power) >= FILLED_TELLS
    if not tells and abs(_only_for(filled, column.y)) < TELLING_COVERAGE:
        return None
    return (
        Cause.FILLED_BY_OUTCOME,
        f"Whether it is filled gives the outcome away: it is for {_rates(filled, column.y)}.",
    )


def _unusual_by_outcome(column: _Column) -> tuple[Cause, str] | None:
    """Find what only converted leads have, such as an amount that is 0 for all others."""
    usual, unusual = _usual(column)
    if _only_for(unusual, column.y) < TELLING_COVERAGE:
        return None
    return (
        Cause.FILLED_BY_OUTCOME,
        f"Whether it differs from “{usual}” gives the outcome away: it does for {_rates(unusual, column.y)}.",
    )


def _usual(column: _Column) -> tuple[str, npt.NDArray[np.bool_]]:
    """Give the commonest value, and which leads have another; none when no value is common."""
    counts = column.values.value_counts()
    none = np.zeros(len(column.values), dtype=bool)
    if column.kind is Kind.TEXT or not len(counts) or counts.iloc[0] < USUAL_SHARE * len(column.values):
        return "", none
    usual = counts.index[0]
    shown = f"{usual:.15g}" if isinstance(usual, float) else str(usual)[:40]
    return shown, (column.values.notna() & (column.values != usual)).to_numpy(dtype=bool)


def _only_for(chosen: npt.NDArray[np.bool_], y: Floats) -> float:
    """Say which part of an outcome some leads are, when all of them ended that way and not by the base rate's luck.

    Returns
    -------
    float in [-1, 1]
        Share of the converted leads; negative, of the lost leads; 0 when the chosen ones ended either way.
    """
    base, won, rows = float(y.mean()), float(y[chosen].sum()), int(chosen.sum())
    if _all_but_few(rows - won, rows * (1 - base), rows):
        return won / float(y.sum())
    if _all_but_few(won, rows * base, rows):
        return -(rows - won) / float((1 - y).sum())
    return 0.0


def _all_but_few(contrary: float, expected: float, rows: int) -> bool:
    return expected >= CONTRARY_EXPECTED and contrary <= min(CONTRARY_SHARE * expected, CONTRARY_RATE * rows)


def _rates(chosen: npt.NDArray[np.bool_], y: Floats) -> str:
    return f"{chosen[y == 1].mean():.0%} of converted and {chosen[y == 0].mean():.0%} of other leads"


def _too_good(column: _Column) -> tuple[Cause, str] | None:
    if column.power < TOO_GOOD:
        return None
    return (
        Cause.TOO_GOOD,
        f"It predicts the outcome too well alone (AUC {column.power:.2f}): it may be known only later.",
    )


def _strong_afterthought(column: _Column) -> tuple[Cause, str] | None:
    strong = column.power >= GOOD_FOR_AFTERTHOUGHT or column.filled_power >= FILLED_FOR_AFTERTHOUGHT
    if not strong or not AFTERTHOUGHT_NAME.search(column.words):
        return None
    return Cause.FILLED_AFTERWARDS, (
        f"Sales usually fill this in while working the lead, and it predicts well alone (AUC {column.power:.2f})."
    )


def _afterthought(column: _Column) -> tuple[Cause, str] | None:
    if AFTERTHOUGHT_NAME.search(column.words):
        return Cause.FILLED_AFTERWARDS, "By its name it may be filled in or recomputed after the lead was worked."
    return None


def _record_state(column: _Column) -> tuple[Cause, str] | None:
    if column.kind is not Kind.CATEGORY:
        return None
    changes = column.values.astype("str").str.casefold().str.fullmatch(RECORD_VALUE.pattern.strip("^$")).fillna(False)
    if changes.mean() >= 0.05:
        return Cause.FILLED_AFTERWARDS, "It tells of changes to the record, which may come after the outcome."
    return None


def _very_good(column: _Column) -> tuple[Cause, str] | None:
    if column.power >= VERY_GOOD:
        return Cause.TOO_GOOD, f"It predicts unusually well alone (AUC {column.power:.2f}): is it known beforehand?"
    return None


def _fill_hints(column: _Column) -> tuple[Cause, str] | None:
    filled = column.values.notna().to_numpy()
    if column.filled_power >= FILLED_HINTS or _only_for(filled, column.y) or _only_for(~filled, column.y):
        return Cause.FILLED_BY_OUTCOME, f"It is filled for {_rates(filled, column.y)}."
    return None


def _unusual_hints(column: _Column) -> tuple[Cause, str] | None:
    usual, unusual = _usual(column)
    if _only_for(unusual, column.y):
        return Cause.FILLED_BY_OUTCOME, f"It differs from “{usual}” for {_rates(unusual, column.y)}."
    return None


_GROUNDS = (
    _not_modelled, _constant, _identifier, _later_than_outcome, _repeats_outcome, _names_outcome, _values_name_outcome,
    _filled_by_outcome, _unusual_by_outcome, _too_good, _strong_afterthought,
)  # fmt: skip
_HINTS = (_sometimes_later, _afterthought, _record_state, _very_good, _fill_hints, _unusual_hints)


def _derived(
    columns: Iterable[str],
    set_aside: Iterable[Finding],
    sources: Mapping[str, tuple[str, ...]],
    labels: Mapping[str, str],
) -> list[Finding]:
    """Set aside what is computed from a column that leaks; a constant or an identifier does not."""
    harmless = {Cause.CONSTANT, Cause.IDENTIFIER, Cause.NOT_MODELLED}
    aside = {finding.column: finding for finding in set_aside}
    leaking = {name: finding.label for name, finding in aside.items() if finding.code not in harmless}
    # days since a date stand for the date itself, which is no column here
    leaking |= {source: finding.label for finding in aside.values() if finding.code is Cause.LATER_THAN_OUTCOME
                for source in sources.get(finding.column, ())}
    found = []
    for name in columns:
        origins = [leaking[source] for source in sources.get(name, ()) if source in leaking and source != name]
        if origins and name not in aside:
            reason = f"It is computed from “{origins[0]}”, which is set aside."
            found.append(Finding(name, labels.get(name, name), Cause.DERIVED, reason))
    return found
