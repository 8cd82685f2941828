"""Two policies in, what one says otherwise than the other out, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadscore.scoring.criteria import Criterion
from leadscore.scoring.policy import Policy
from leadscore.scoring.wording import GROUP_NAMES, number, rule_of, value_of

SETTINGS = {
    "full_marks": ("Full marks of a group at", "share"),
    "tier_mode": ("Tiers are cut by", "text"), "top_share": ("Best share that is High", "share"),
    "medium_share": ("Next share that is Medium", "share"), "capacity": ("Leads we can call", "number"),
}
PARTS = {
    "group_weights": ("Weight of", "per cent"), "group_marks": ("Full marks of", "points"),
    "factor_weights": ("Weight of the factor", "number"), "thresholds": ("Threshold", "number"),
    "economics": ("Economics,", "text"), "grid": ("Grid,", "text"),
}
SET_AS_A_WHOLE = "changed"


@dataclass(frozen=True)
class Difference:
    """One thing that differs.

    Parameters
    ----------
    area : str
        Setting of the policy it belongs to.
    kind : str
        ``added``, ``removed`` or ``changed``.
    text : str
        The difference in one line.
    """

    area: str
    kind: str
    text: str


def differences(before: Policy, after: Policy) -> tuple[Difference, ...]:
    """Say in what the second policy differs from the first; nothing when they say the same."""
    found = [*_criteria(before.criteria, after.criteria)]
    old, new = before.to_dict(), after.to_dict()
    for name, (label, unit) in PARTS.items():
        found += _entries(name, label, unit, old[name], new[name])
    for name, (label, unit) in SETTINGS.items():
        if old[name] != new[name]:
            found.append(_changed(name, label, _shown(old[name], unit), _shown(new[name], unit)))
    if (was := _blend(before)) != (now := _blend(after)):
        found.append(_changed("alpha", "Share of the rules in the score", was, now))
    return tuple(found + _tier_rules(before, after) + _names(before, after) + _offer(before, after))


def _criteria(before: tuple[Criterion, ...], after: tuple[Criterion, ...]) -> list[Difference]:
    old, new = ({criterion.id: criterion for criterion in criteria} for criteria in (before, after))
    removed = [Difference("criteria", "removed", f"Criterion “{old[name].label}” removed ({_in_short(old[name])})")
               for name in old if name not in new]
    added = [Difference("criteria", "added", f"Criterion “{new[name].label}” added ({_in_short(new[name])})")
             for name in new if name not in old]
    changed = [_criterion(old[name], new[name]) for name in new if name in old and old[name] != new[name]]
    return removed + added + changed


def _criterion(old: Criterion, new: Criterion) -> Difference:
    told = [
        ("label", f"“{old.label}”", f"“{new.label}”"), ("group", GROUP_NAMES.get(old.group, old.group),
                                                     GROUP_NAMES.get(new.group, new.group)),
        ("rule", rule_of(old), rule_of(new)), ("points", number(old.points), number(new.points)),
        ("at most", _points(old.cap), _points(new.cap)), ("half-life", _days(old), _days(new))]
    parts = [f"{what} {was} → {now}" for what, was, now in told if was != now]
    return Difference("criteria", "changed", f"Criterion “{old.label}”: {', '.join(parts) or SET_AS_A_WHOLE}")


def _in_short(criterion: Criterion) -> str:
    return f"{rule_of(criterion)}: {criterion.points:+g} points"


def _points(value: float | None) -> str:
    return "no limit" if value is None else f"{value:g} points"


def _days(criterion: Criterion) -> str:
    return "never" if criterion.half_life_days is None else f"{criterion.half_life_days:g} days"


def _entries(name: str, label: str, unit: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    names = [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
    return [_changed(name, f"{label} {GROUP_NAMES.get(key, key.replace('_', ' '))}",
                     _shown(old.get(key), unit), _shown(new.get(key), unit)) for key in names]


def _changed(area: str, what: str, was: str, now: str) -> Difference:
    return Difference(area, "changed", f"{what}: {was} → {now}")


def _shown(value: Any, unit: str) -> str:
    if value is None:
        return "not set"
    if unit == "share":
        return f"{100 * value:g} %"
    if unit == "per cent":
        return f"{value:g} %"
    if unit == "points":
        return f"{value:g} points"
    return value_of(value)


def _blend(policy: Policy) -> str:
    return "as the held-out leads suggest" if policy.alpha_is_suggested else f"{100 * policy.alpha:g} %"


def _tier_rules(before: Policy, after: Policy) -> list[Difference]:
    old = {rule.tier: rule for rule in before.tier_rules}
    return [Difference("tier_rules", "changed", f"What to do with {rule.tier} leads: “{old[rule.tier].action}, "
                       f"{old[rule.tier].deadline_text}” → “{rule.action}, {rule.deadline_text}”")
            for rule in after.tier_rules if rule.tier in old and rule != old[rule.tier]]


def _names(before: Policy, after: Policy) -> list[Difference]:
    """Tell of what is in a list in one and not in the other: columns switched off, features people made."""
    found = []
    for area, what, old, new in (
            ("switched_off", "Column switched off", before.switched_off, after.switched_off),
            ("made", "Feature made", [item.label for item in before.made], [item.label for item in after.made])):
        found += [Difference(area, "added", f"{what}: {name}") for name in new if name not in old]
        found += [Difference(area, "removed", f"No longer: {what.lower()} {name}") for name in old if name not in new]
    return found


def _offer(before: Policy, after: Policy) -> list[Difference]:
    if before.offer == after.offer:
        return []
    names = [f"“{offer.name}”" if offer else "none" for offer in (before.offer, after.offer)]
    text = f"Offer: {names[0]} → {names[1]}" if names[0] != names[1] else f"What the offer {names[0]} says has changed"
    return [Difference("offer", "changed", text)]
