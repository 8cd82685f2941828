"""What people do that changes the store, each as one call that can be made again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from leadscore.access import Role
from leadscore.errors import LeadScoreError
from leadscore.services import (
    accounts,
    delivery,
    dossier,
    experiments,
    governance,
    intake,
    jobs,
    models,
    offers,
    opinions,
    policies,
    policy_history,
    retraining,
    scoring,
    segments,
    spend,
    training,
    validation_rules,
)
from leadscore.workbench import Workbench
from tests.hardening.harness import BOSS, CLIENT, Failing, Tally, differences, state_of, watching
from tests.services.conftest import QUICK, leads_file

LOG = "audit_events"
RULE = {"field": "employees", "check": "range", "consequence": "reject", "low": 20, "high": 30}
Deed = Callable[[], Any]


@dataclass(frozen=True)
class UseCase:
    """A deed and its name; a deed may depend on the ones before it."""

    name: str
    do: Deed


def lesson_of(workbench: Workbench) -> Any:
    """Train once and give what was learnt; to register it is the part that changes the store."""
    caught: list[Any] = []
    real = training.register

    def catch(bench: Workbench, client: str, lesson: Any, actor_name: str) -> Any:
        caught.append(lesson)
        return real(bench, client, lesson, actor_name)

    training.register = catch
    try:
        training.train_stored(workbench, BOSS, client=CLIENT, request=replace(QUICK, deploy=False))
    finally:
        training.register = real
    return caught[0]


def use_cases(workbench: Workbench) -> Iterator[UseCase]:
    """Give what people do, one after the other, in a home with two versions of a model."""
    given: dict[str, Any] = {"workbench": workbench, "actor": BOSS, "client": CLIENT}
    view = delivery.ListView(top="20")
    yield UseCase("import", lambda: intake.import_file(**given, source=leads_file(25), filename="new.csv"))
    batch = max(one.id for one in intake.list_batches(**given))
    yield UseCase("import again, with changes", lambda: intake.import_file(
        **given, source=leads_file(25, title="Owner"), filename="changed.csv", remember=True))
    yield UseCase("undo an import", lambda: intake.undo_import(**given, batch_id=batch + 1))
    yield UseCase("queue a job", lambda: jobs.submit(**given, kind="rescore", arguments={}))
    yield UseCase("score everything again", lambda: scoring.rescore(**given))
    lesson = lesson_of(workbench)
    yield UseCase("register a model", lambda: training.register(workbench, CLIENT, lesson, BOSS.name))
    yield UseCase("choose a challenger", lambda: models.challenge_model(**given, version="3"))
    yield UseCase("promote", lambda: models.deploy_model(**given, version="3"))
    yield UseCase("roll back", lambda: models.roll_back_model(**given))
    yield UseCase("start an experiment", lambda: experiments.start_experiment(**given, challenger="3"))
    yield UseCase("promote during an experiment", lambda: models.deploy_model(**given, version="1"))
    yield UseCase("record an outcome", lambda: dossier.record_outcome(
        **given, lead_ids=[1, 2], stage="converted", revenue=100.0, currency="EUR"))
    yield UseCase("take an outcome back", lambda: dossier.take_back_outcome(**given, lead_ids=[1]))
    yield UseCase("give an owner", lambda: dossier.assign_owner(**given, lead_ids=[3, 4], owner="kim"))
    yield UseCase("override a score", lambda: dossier.override(**given, lead_id=5, tier="Low", reason="known"))
    yield UseCase("clear an override", lambda: dossier.clear_override(**given, lead_id=5))
    yield UseCase("save a policy", lambda: policies.save_policy(**given, changes={"alpha": 0.31}, comment="blend"))
    yield UseCase("restore a policy", lambda: policy_history.restore_policy(**given, version="1"))
    yield UseCase("create an offer", lambda: offers.create_offer(
        **given, values={"name": "Analytics", "ideal_use_cases": ["Software"]}))
    yield UseCase("save a segment", lambda: segments.save_segment(**given, name="Best", view=view))
    yield UseCase("add a cost", lambda: spend.add_spend(**given, entry=spend.SpendEntry(
        date(2026, 1, 1), date(2026, 1, 31), 5.0, "EUR")))
    yield UseCase("save rules", lambda: validation_rules.save_rules(**given, rules=[RULE]))
    yield UseCase("give an opinion", lambda: opinions.give_opinion(**given, helpful=False, place="leads"))
    yield UseCase("change retraining", lambda: retraining.save_retraining_settings(**given, changes={"on": True}))
    yield UseCase("export leads", lambda: delivery.export_leads(**given, view=view, format="csv"))
    yield UseCase("export the log", lambda: list(governance.export_audit(workbench, BOSS)))
    yield UseCase("add a user", lambda: accounts.add_user(workbench, BOSS, name="Kim", role=Role.VIEWER,
                                                         password="a long enough password"))


def fail_each_statement(workbench: Workbench, failing: Failing, case: UseCase, *,
                        most: int | None = None) -> Tally:
    """Let each statement of a deed fail in turn, from the first to beyond the last.

    Parameters
    ----------
    most : int, optional
        How many places to try, spread evenly; every one when left out. The deed is done at last.

    Returns
    -------
    Tally
        ``tried`` failures; faults name the place where something was left half done, was not in the log, or was told
        in the words of the machine.
    """
    tally, before = Tally(), state_of(workbench.engine)
    changes: list[tuple[int, set[str]]] = []
    place, happened = 1, True
    with watching(workbench.engine) as committed:
        while happened:
            failing.start(place)
            error = _error_of(case.do)
            happened, seen = failing.seen >= place, failing.seen
            failing.start(0)
            if committed():
                now = state_of(workbench.engine)
                changes.append((place, differences(before, now)))
                before = now
            if happened and error is not None and error[0] == "fault":
                tally.faults.append(f"{case.name}, statement {place}: told as {error[1]}: {error[2]}")
            tally.tried += happened
            # wider steps the further it goes, so that long deeds take few
            place += 1 if most is None else max(1, place // most)
    tally.counts["statements"] = seen
    if error is not None:
        tally.faults.append(f"{case.name}: not done even when nothing fails: {error}")
    tally.faults += _left_half(case, changes)
    return tally


def _error_of(deed: Deed) -> tuple[str, str, str] | None:
    try:
        deed()
    except LeadScoreError as refusal:
        return "refused", refusal.code, str(refusal)
    except Exception as fault:
        return "fault", type(fault).__name__, str(fault)[:120]
    return None


def _left_half(case: UseCase, changes: list[tuple[int, set[str]]]) -> list[str]:
    """Say where a deed has left less than it leaves at other places, or nothing in the log.

    Only the first time counts as whole or half: a deed done before may find less to do.
    """
    whole = set().union(*(changed for _, changed in changes))
    half = [(place, changed) for place, changed in changes[:1] if changed != whole]
    return [f"{case.name}, statement {place}: only {sorted(changed)} changed of {sorted(whole)}"
            for place, changed in half] + \
           [f"{case.name}, statement {place}: not in the log" for place, changed in changes if LOG not in changed]
