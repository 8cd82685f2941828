import numpy as np
import pytest

from leadscore.errors import InvalidRequest
from leadscore.modeling import algorithms, choosing
from leadscore.modeling.algorithms import Algorithm
from leadscore.modeling.balancing import Balance
from leadscore.modeling.choosing import Budget, Candidate
from leadscore.modeling.encoding import fit_encoder
from tests.modeling.samples import KINDS, make_leads


def balanced(rows):
    return np.arange(rows) % 2 * 1.0


def names(candidates):
    return [(str(candidate.algorithm), str(candidate.balance)) for candidate in candidates]


@pytest.fixture(scope="module")
def folds():
    leads, outcome = make_leads(500)
    codes = fit_encoder(leads, KINDS).encode(leads).codes
    return choosing.make_folds(codes, outcome.to_numpy(), "stratified", None, random_state=0)


def first(algorithm, balance=Balance.NONE):
    return Candidate(algorithm, balance, algorithms.settings_of(algorithm)[0])


def choose(wanted, folds, budget=None, progress=None):
    return choosing.choose(wanted, folds, random_state=0, budget=budget or Budget(),
                           progress=progress or (lambda *_: None))


def test_auto_tries_every_algorithm():
    assert {algorithm for algorithm, _ in names(choosing.candidates_of("auto", "auto", balanced(3000)))} == \
        {str(algorithm) for algorithm in Algorithm}


def test_rare_outcomes_are_also_balanced_and_even_ones_are_not():
    rare = (np.arange(4000) % 10 == 0) * 1.0
    assert {"none", "weights", "smote"} == {how for _, how in names(choosing.candidates_of("auto", "auto", rare))}
    assert {"none"} == {how for _, how in names(choosing.candidates_of("auto", "auto", balanced(4000)))}


def test_a_network_is_not_tried_on_few_leads():
    assert "neural" not in dict(names(choosing.candidates_of("auto", "auto", balanced(2000))))


def test_few_outcomes_carry_only_a_simple_model():
    assert names(choosing.candidates_of("auto", "auto", balanced(300))) == [("logistic", "none")]


def test_a_person_may_name_algorithm_and_balance():
    assert names(choosing.candidates_of("forest", "smote", balanced(2000))) == [("forest", "smote")]


@pytest.mark.parametrize(("algorithm", "balance"), [("quantum", "auto"), ("auto", "luck"), ("", "none")])
def test_unknown_wishes_are_refused(algorithm, balance):
    with pytest.raises(InvalidRequest, match="There is no"):
        choosing.candidates_of(algorithm, balance, balanced(2000))


def test_a_tie_goes_to_the_simpler_model(folds):
    chosen = choose([first(Algorithm.XGBOOST), first(Algorithm.LOGISTIC)], folds).best.candidate
    assert chosen.algorithm is Algorithm.LOGISTIC


def test_other_settings_of_the_best_are_tried_and_one_candidate_is_marked(folds):
    candidates = choose([first(Algorithm.LOGISTIC), first(Algorithm.ADDITIVE)], folds).candidates
    tried = [dict(candidate.settings) for candidate in candidates if candidate.algorithm is Algorithm.LOGISTIC]
    assert tried == [dict(settings) for settings in algorithms.settings_of(Algorithm.LOGISTIC)]
    assert sum(candidate.chosen for candidate in candidates) == 1


def test_what_the_time_does_not_allow_is_skipped_and_said(folds):
    seconds = iter(range(0, 1000, 10))
    choice = choose([first(Algorithm.LOGISTIC), first(Algorithm.XGBOOST)], folds,
                    Budget(5, lambda: next(seconds) + 10))
    assert choice.best.candidate.algorithm is Algorithm.LOGISTIC
    skipped = [candidate.to_dict() for candidate in choice.candidates if candidate.to_dict()["skipped"]]
    assert {candidate["algorithm"] for candidate in skipped} == {"xgboost", "logistic"}
    assert all(candidate["average_precision"] is None for candidate in skipped)


def test_a_lone_candidate_is_judged_on_fewer_folds(folds):
    alone = choosing.make_folds(folds.codes, folds.y, "stratified", None, random_state=0, alone=True)
    assert len(alone.parts) == choosing.FOLDS_OF_A_LONE_CANDIDATE < len(folds.parts)
    choice = choose([first(Algorithm.LOGISTIC)], alone)
    assert len(choice.best.precisions) == choosing.FOLDS_OF_A_LONE_CANDIDATE
    assert len(choice.candidates) == 1


def test_progress_never_goes_back(folds):
    told = []
    choose([first(Algorithm.LOGISTIC), first(Algorithm.ADDITIVE)], folds, progress=lambda part, _: told.append(part))
    assert told == sorted(told)
    assert max(told) < 1


def test_margins_belong_to_leads_that_were_not_fitted_on(folds):
    trial = choose([first(Algorithm.LOGISTIC)], folds).best
    judged = np.concatenate([judging for _, judging in folds.parts])
    assert (trial.y == folds.y[judged]).all()
