"""Points of a scorecard: what counts, how much at most, and what is switched off."""

from dataclasses import dataclass

import pandas as pd

from leadscore.schema import Group, Kind
from leadscore.scoring.criteria import Criterion, Operator
from leadscore.scoring.policy import Policy
from leadscore.scoring.scorecard import full_marks, score_rules


@dataclass(frozen=True)
class Given:
    """Features as scoring wants them."""

    frame: pd.DataFrame

    @property
    def labels(self) -> dict[str, str]:
        return {}

    @property
    def kinds(self) -> dict[str, Kind]:
        return {}


LEADS = Given(pd.DataFrame({"demo": [1.0, 1.0, 0.0], "call": [1.0, 0.0, 0.0]}, index=[1, 2, 3]))


def _when(field: str, points: float) -> Criterion:
    return Criterion(field, field, str(Group.FIT), field, str(Operator.IS_TRUE), None, points)


def _policy(**more) -> Policy:
    return Policy(criteria=(_when("demo", 20), _when("call", 10)), group_weights={"fit": 100.0}, **more)


def test_full_marks_are_what_all_criteria_together_give():
    assert score_rules(LEADS, _policy()).rule_score.round(3).tolist() == [100.0, 66.667, 0.0]


def test_full_marks_that_somebody_set_turn_points_into_the_score_itself():
    assert score_rules(LEADS, _policy(group_marks={"fit": 100.0})).rule_score.tolist() == [30.0, 20.0, 0.0]


def test_a_group_of_penalties_alone_has_no_full_marks_even_when_somebody_set_them():
    policy = Policy(criteria=(_when("demo", -5),), group_weights={"fit": 100.0}, group_marks={"fit": 100.0})
    assert full_marks(policy, "fit") == 0.0
    assert score_rules(LEADS, policy).rule_score.tolist() == [0.0, 0.0, 0.0]


def test_a_switched_off_column_earns_nothing_and_leaves_its_place_to_the_others():
    rules = score_rules(LEADS, _policy(switched_off=("demo",)))
    assert rules.points["demo"].tolist() == [0.0, 0.0, 0.0]
    assert rules.rule_score.tolist() == [100.0, 0.0, 0.0]
