"""A machine that does at random what people do, beside a dictionary that says what must come of it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import text

from leadscore.services import dossier, intake, models, privacy, scoring
from leadscore.store import audit, lead_reading
from leadscore.store.database import read
from leadscore.workbench import Workbench
from tests.hardening.harness import BOSS, CLIENT, open_home, reading_here
from tests.services.conftest import HEADER, row

GIVEN = {"actor": BOSS, "client": CLIENT}
PEOPLE = st.integers(0, 9)
OURS = "SELECT crm_id, id, coalesce(owner, ''), outcome FROM leads WHERE client_id = 1 AND crm_id LIKE 'r_'"


class Machine(RuleBasedStateMachine):
    """Imports, edits, outcomes, promotions, scorings, erasures and restarts, in any order.

    ``template`` is a home with leads and two versions of a model, the second one in use; it is set before the first
    run. ``steps`` counts how often store and dictionary were compared.
    """

    template: Path
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="leadscore-machine-"))
        shutil.copytree(self.template, self.folder / "home")
        self.workbench = self._opened()
        self.people: dict[str, tuple[str, str, str]] = {}
        self.gone: set[int] = set()
        self.champion, self.before = 2, 1
        with read(self.workbench.engine) as session:
            self.at_first = session.execute(text("SELECT count(*) FROM leads")).scalar_one()

    def _opened(self) -> Workbench:
        return open_home(self.folder / "home")

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.workbench.engine.dispose()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _import(self, numbers: set[int], title: str) -> intake.ImportResult:
        file = HEADER + "".join(row(number, title=title) for number in sorted(numbers))
        with reading_here():
            return intake.import_file(self.workbench, **GIVEN, source=file.encode(), filename="some.csv")

    @rule(numbers=st.sets(PEOPLE, min_size=1, max_size=4), title=st.sampled_from(["Owner", "Head of Sales"]))
    def import_some(self, numbers: set[int], title: str) -> None:
        """Import people, known or not; whoever was erased stays away."""
        done = self._import(numbers, title)
        welcome = numbers - self.gone
        new = {number for number in welcome if f"r{number}" not in self.people}
        assert (done.rows_stored, done.rejected) == (len(new), len(numbers & self.gone))
        for number in welcome:
            _, owner, stage = self.people.get(f"r{number}", ("", "", "new"))
            self.people[f"r{number}"] = (title, owner, stage)

    @rule(numbers=st.sets(PEOPLE, min_size=1, max_size=3))
    def import_and_undo(self, numbers: set[int]) -> None:
        """Import and take it back: all is as before."""
        done = self._import(numbers, "Nobody")
        intake.undo_import(self.workbench, **GIVEN, batch_id=done.batch_id)

    def _lead(self, number: int) -> int | None:
        with read(self.workbench.engine) as session:
            return session.execute(text("SELECT id FROM leads WHERE client_id = 1 AND crm_id = :crm"),
                                   {"crm": f"r{number}"}).scalar()

    @rule(number=PEOPLE, owner=st.sampled_from(["kim", "sam", ""]))
    def give_an_owner(self, number: int, owner: str) -> None:
        """Give a lead to somebody or nobody."""
        lead = self._lead(number)
        assert (lead is not None) == (f"r{number}" in self.people)
        if lead is not None:
            dossier.assign_owner(self.workbench, **GIVEN, lead_ids=[lead], owner=owner or None)
            title, _, stage = self.people[f"r{number}"]
            self.people[f"r{number}"] = (title, owner, stage)

    @rule(number=PEOPLE, stage=st.sampled_from(["contacted", "qualified", "lost"]))
    def tell_an_outcome(self, number: int, stage: str) -> None:
        """Record what became of a lead."""
        lead = self._lead(number)
        if lead is not None:
            dossier.record_outcome(self.workbench, **GIVEN, lead_ids=[lead], stage=stage)
            title, owner, _ = self.people[f"r{number}"]
            self.people[f"r{number}"] = (title, owner, stage)

    @rule(number=PEOPLE)
    def erase_somebody(self, number: int) -> None:
        """Erase a person, who never comes back."""
        if f"r{number}" in self.people:
            privacy.erase_person(self.workbench, **GIVEN, lead_id=self._lead(number))
            del self.people[f"r{number}"]
            self.gone.add(number)

    @rule(version=st.sampled_from([1, 2]))
    def promote(self, version: int) -> None:
        """Put a version to use."""
        models.deploy_model(self.workbench, **GIVEN, version=str(version))
        if version != self.champion:
            self.champion, self.before = version, self.champion

    @rule()
    def roll_back(self) -> None:
        """Put the version before to use."""
        models.roll_back_model(self.workbench, **GIVEN)
        self.champion, self.before = self.before, self.champion

    @rule()
    def score(self) -> None:
        """Score all leads: each has one score, by the champion."""
        done = scoring.rescore(self.workbench, **GIVEN)
        assert (done.rows, done.model_version) == (self.at_first + len(self.people), self.champion)

    @rule()
    def restart(self) -> None:
        """Close and open again."""
        self.workbench.engine.dispose()
        self.workbench = self._opened()

    @invariant()
    def the_store_says_what_the_dictionary_says(self) -> None:
        """Compare."""
        type(self).steps += 1
        with read(self.workbench.engine) as session:
            rows = {crm: (lead, owner, stage) for crm, lead, owner, stage in session.execute(text(OURS))}
            titles = lead_reading.read_leads(session, self.workbench.vault, 1, lead_ids=[
                lead for lead, _, _ in rows.values()])["job_title"].to_dict() if rows else {}
            everybody = session.execute(text("SELECT count(*) FROM leads")).scalar_one()
            aliases = dict(session.execute(text(
                "SELECT alias, id FROM model_versions WHERE client_id = 1 AND alias IS NOT NULL")).all())
            strays = session.execute(text(
                "SELECT count(*) FROM scores s LEFT JOIN leads l ON l.id = s.lead_id WHERE l.id IS NULL")).scalar_one()
            verdict = audit.verify(session, self.workbench.vault)
        assert {crm: (titles[lead], owner, stage) for crm, (lead, owner, stage) in rows.items()} == self.people
        assert everybody == self.at_first + len(self.people)
        assert aliases == {"champion": self.champion, "previous": self.before}
        assert (strays, verdict.ok) == (0, True)
