"""Whatever people do in whatever order, the store says what a dictionary says; the benchmark goes on for longer."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.hardening.machine import Machine


def test_the_store_and_a_dictionary_agree_whatever_people_do(twice_home: Path) -> None:
    Machine.template = twice_home
    run_state_machine_as_test(Machine, settings=settings(
        max_examples=2, stateful_step_count=15, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck)))
    assert Machine.steps > 15
