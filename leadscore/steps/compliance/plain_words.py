"""A decision about one lead in plain words, for the person it is about: short sentences, no jargon, no formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadscore.scoring.reasons import OTHERS, Reason
from leadscore.steps.verdict import Verdict
from leadscore.steps.whatif import Improvement

MOST_NAMED = 4
NOWHERE = "We have not yet written down here whom to ask. Reply to the person who sent you this."


@dataclass(frozen=True)
class Learnt:
    """What the model has learnt from; ``rows`` is None where that is not known."""

    rows: int | None


@dataclass(frozen=True)
class PlainWords:
    """A decision in plain words, by what a person would ask."""

    decided: tuple[str, ...]
    worked_out: tuple[str, ...]
    counted: tuple[str, ...]
    would_change: tuple[str, ...]
    rights: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, a paragraph a line."""
        return "\n".join((*self.decided, *self.worked_out, *self.counted, *self.would_change, *self.rights))


def plain_words(verdict: Verdict, *, learnt: Learnt | None, set_by_hand: bool, decided: bool,
                contact: str) -> PlainWords:
    """Say what was decided about a person, how, what counted, what would change it, and what the person can do.

    Parameters
    ----------
    verdict : Verdict
        Of a lead that has been scored.
    learnt : Learnt or None
        None where there is no model.
    set_by_hand : bool
        Whether a person set score or tier.
    decided : bool
        Whether it is known already what became of this lead.
    contact : str
        Whom to write to; empty where nobody has entered it.
    """
    return PlainWords(
        decided=tuple(_decided(verdict, set_by_hand)), worked_out=tuple(_worked_out(learnt)),
        counted=tuple(_counted(verdict)), would_change=tuple(_would_change(verdict, decided)),
        rights=tuple(_rights(contact)))


def _decided(verdict: Verdict, set_by_hand: bool) -> list[str]:
    said = [f"We gave you a score of {verdict.score:.0f}. Scores run from 0 to 100. A high score means that we think "
            "you may well buy from us.",
            f"The score puts you in the group “{verdict.tier}”. The groups are High, Medium and Low. They tell our "
            "team whom to call first.",
            f"For this group our plan asks the team for this: {_plan(verdict)}."]
    if verdict.probability is not None:
        said.append(f"A computer model also makes a guess. It sees a chance of {_in_a_hundred(verdict.probability)} "
                    "that you buy.")
    if set_by_hand:
        said.append("A person on our team has set this result by hand. That wins over what the computer works out.")
    return said


def _plan(verdict: Verdict) -> str:
    return verdict.next_action[:1].lower() + verdict.next_action[1:]


def _in_a_hundred(probability: float) -> str:
    return "less than 1 in 100" if probability < 0.01 else f"{probability * 100:.0f} in 100"


def _worked_out(learnt: Learnt | None) -> list[str]:
    if learnt is None:
        return ["People on our team wrote rules. Each rule looks at one fact about you. It adds points or takes some "
                "away. All the points add up to your score."]
    past = f"{learnt.rows:,} people or firms" if learnt.rows else "people or firms"
    return ["Two things make the score. The first are rules that our team wrote. The second is a computer model.",
            f"The model looked at {past} from the past. For each it knew if they had bought. It learnt which facts "
            "went with a sale.",
            "Each fact about you adds points or takes some away. All the points add up to your score."]


def _counted(verdict: Verdict) -> list[str]:
    told = [reason for reason in verdict.reasons if reason.code != OTHERS]
    up = [reason for reason in told if reason.effect > 0][:MOST_NAMED]
    down = [reason for reason in told if reason.effect < 0][:MOST_NAMED]
    said = [f"You start with {_points(verdict.base or 0.0)}, as everyone does."]
    if up:
        said.append(f"These facts raised your score the most: {_listed(up)}.")
    said.append(f"These facts lowered it the most: {_listed(down)}." if down else "No fact lowered it.")
    return said


def _listed(reasons: Sequence[Reason]) -> str:
    return "; ".join(f"{reason.text} ({reason.effect:+.1f})" for reason in reasons)


def _points(number: float) -> str:
    return "1 point" if f"{number:.1f}" == "1.0" else f"{number:.1f} points"


def _would_change(verdict: Verdict, decided: bool) -> list[str]:
    if decided:
        return ["We know by now if you bought or not. A new score would change nothing any more."]
    found = verdict.what_if.improvements[:3] if verdict.what_if else ()
    if not found:
        return ["We looked for facts that could still change and would raise your score. We found none that matter."]
    return [*(_change(one) for one in found),
            "We work this out in the same way. It is no promise that you get an offer."]


def _change(improvement: Improvement) -> str:
    return (f"Say that “{improvement.label}” was {improvement.after} and not {improvement.before}. "
            f"Then your score would be {improvement.score:.0f}.")


def _rights(contact: str) -> list[str]:
    return ["You can ask that a person looks at this result. You can tell us what you think of it. You can say that "
            "it is wrong and ask us to change it.",
            "You can say no to being scored. You can ask what data we hold on you. You can have wrong data put right. "
            "You can ask us to erase it.",
            f"Write to: {contact}" if contact else NOWHERE,
            "You can also complain to the office that looks after data protection where you live."]
