"""The value of scoring: said in one sentence, in money where revenue is known, and never from too little."""

import numpy as np
import pytest
from sqlalchemy import text

from leadscore.access import Role
from leadscore.errors import Forbidden, InvalidRequest, NotFound
from leadscore.services import currencies, governance, segments, value
from leadscore.services.value import ListView
from leadscore.store.database import write
from tests.services.conftest import CLIENT, person


def foretell(bench, *, seed=1, revenue=500.0, currency="EUR", rate=lambda score: 0.05 + 0.6 * score**2):
    """Give every lead an end that its score foretold."""
    generator = np.random.default_rng(seed)
    with write(bench.engine) as session:
        ids = [row[0] for row in session.execute(text("SELECT lead_id FROM scores ORDER BY lead_id"))]
        for lead_id, score, luck in zip(ids, generator.random(len(ids)), generator.random(len(ids)), strict=True):
            won = luck < rate(score)
            session.execute(text("UPDATE scores SET foretold = :score, outcome = :stage, revenue = :revenue, "
                                 "currency = :currency WHERE lead_id = :lead"),
                            {"score": int(1_000 * score), "stage": "converted" if won else "lost", "lead": lead_id,
                             "revenue": revenue if won else None, "currency": currency if won else None})


@pytest.fixture
def told(trained):
    foretell(trained)
    return trained


def _value(bench, actor, **asked):
    return value.scoring_value(bench, actor, client=CLIENT, **asked)


def test_without_foretold_ends_nothing_is_claimed(trained, admin):
    with write(trained.engine) as session:
        session.execute(text("UPDATE scores SET foretold = NULL"))
    found = _value(trained, admin)
    assert found.value is None
    assert found.sentence.startswith("Too few to tell: 0 conversions and 0 losses")
    assert not found.pictures


def test_a_client_without_leads_is_told_the_same(workbench, admin):
    assert _value(workbench, admin).value is None
    assert [choice.key for choice in value.call_orders(workbench, admin, client=CLIENT).choices] == ["first", "newest"]


def test_what_scoring_finds_is_said_in_one_sentence_with_its_interval_and_its_money(told, admin):
    found = _value(told, admin)
    extra = found.value.over_before
    assert extra.told_apart
    assert found.sentence.startswith(f"Calling the best 20 % by score finds {found.value.score.conversions:,.0f} of "
                                     f"{found.value.conversions} conversions; first come, first served found ")
    more = round(found.value.score.conversions) - round(found.value.before.conversions)
    assert f"{more:,} more (95 %: {extra.low:,.0f} to {extra.high:,.0f}), about " in found.sentence
    assert found.sentence.endswith(" EUR.")
    (worth,) = found.worth
    assert worth.amount == pytest.approx(500 * extra.conversions)
    assert [picture.key for picture in found.pictures] == ["value-orders", "value-reach"]


def test_money_is_converted_by_the_rates_given(told, admin):
    currencies.save_rates(told, admin, client=CLIENT, report="CHF", rates={"EUR": 0.5})
    (worth,) = _value(told, admin).worth
    assert (worth.currency, worth.amount) == ("CHF", pytest.approx(250 * _value(told, admin).value.over_before
                                                                  .conversions))


def test_scores_that_say_nothing_cannot_be_told_apart(trained, admin):
    foretell(trained, rate=lambda _: 0.3)
    found = _value(trained, admin)
    assert "cannot be told apart yet" in found.sentence


def test_scores_that_are_worse_are_said_to_be_worse(trained, admin):
    foretell(trained, rate=lambda score: 0.65 - 0.6 * score)
    assert " fewer (95 %: " in _value(trained, admin).sentence


def test_a_view_narrows_what_is_compared(told, admin):
    some = _value(told, admin, view=ListView(came_to="2026-09-30")).value
    assert 0 < some.leads < _value(told, admin).value.leads
    assert _value(told, admin, view=ListView(sources=("Nowhere",))).value is None


@pytest.mark.parametrize("asked", [{"share": 4}, {"share": 51}, {"order": "high:email"}, {"order": "nonsense"},
                                   {"order": "high:custom:' OR 1=1 --"}])
def test_what_cannot_be_compared_is_refused(told, admin, asked):
    with pytest.raises(InvalidRequest):
        _value(told, admin, **asked)


def test_every_order_on_offer_can_be_compared_with_and_none_is_personal(told, admin):
    choices = value.call_orders(told, admin, client=CLIENT).choices
    assert len(choices) > 4
    assert not {"high:age", "low:age"} & {choice.key for choice in choices}
    for choice in choices[:8]:
        assert _value(told, admin, order=choice.key).value.score == _value(told, admin).value.score


def test_the_order_of_before_is_remembered_for_all_and_the_trail_says_so(told, admin):
    key = value.call_orders(told, admin, client=CLIENT).choices[2].key
    value.save_order(told, admin, client=CLIENT, order=key)
    assert value.call_orders(told, person(Role.VIEWER, CLIENT), client=CLIENT).before == key
    assert _value(told, person(Role.VIEWER, CLIENT)).order.key == key
    assert "call_order_saved" in governance.audit_events(told, admin, limit=5).frame["action"].tolist()
    with pytest.raises(Forbidden):
        value.save_order(told, person(Role.VIEWER, CLIENT), client=CLIENT, order="first")


def test_an_answer_is_remembered_until_something_changes(told, admin):
    first = _value(told, admin)
    assert _value(told, admin) is first
    currencies.save_rates(told, admin, client=CLIENT, report="CHF", rates={"EUR": 0.5})
    assert _value(told, admin) is not first


def test_money_without_a_currency_says_so(trained, admin):
    foretell(trained, currency=None)
    assert _value(trained, admin).sentence.endswith(" in no named currency.")


def test_what_is_remembered_for_one_is_not_told_another_who_may_not_see_the_view(told, admin):
    mine = segments.save_segment(told, admin, client=CLIENT, name="Mine", view=ListView(min_score=0), shared=False)
    view = ListView(segment=mine)
    assert _value(told, admin, view=view).value is not None
    with pytest.raises(NotFound):
        _value(told, person(Role.MANAGER, CLIENT), view=view)
