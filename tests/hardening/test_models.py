"""Models come back as they were or not at all: other bytes, other libraries, other data, another version in use."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from leadscore.errors import LeadScoreError
from leadscore.modeling.files.artefact import MODEL_FILE
from leadscore.services import models, scoring, training
from leadscore.store.database import read
from leadscore.workbench import Workbench
from tests.hardening.harness import BOSS, CLIENT, open_home, state_of
from tests.hardening.use_cases import lesson_of
from tests.modeling.files.test_hostile_files import ATTACKS, _Canary

pytestmark = pytest.mark.usefixtures("read_here")
GIVEN: dict[str, Any] = {"actor": BOSS, "client": CLIENT}


@pytest.fixture
def workbench(twice_home: Path, tmp_path: Path) -> Workbench:
    return open_home(shutil.copytree(twice_home, tmp_path / "copy"))


def _folder(workbench: Workbench, version: int) -> Path:
    with read(workbench.engine) as session:
        name = session.execute(text("SELECT folder FROM model_versions WHERE id = :id"), {"id": version}).scalar_one()
    return workbench.settings.models_folder / name


def _probabilities(workbench: Workbench) -> np.ndarray:
    with read(workbench.engine) as session:
        rows = session.execute(text("SELECT probability FROM scores ORDER BY lead_id")).all()
    return np.array([row[0] for row in rows], dtype=float)


@pytest.mark.parametrize("ask", [models.deploy_model, models.roll_back_model, models.verify_model])
def test_a_version_worked_on_is_refused_wherever_it_is_asked_for_and_nothing_in_it_runs(
    workbench: Workbench, tmp_path: Path, ask: Callable[..., Any],
) -> None:
    folder, canary = _folder(workbench, 2), tmp_path / "canary"
    honest = {path.name: path.read_bytes() for path in folder.iterdir()}
    champion = models.show_model(workbench, **GIVEN, version="champion").version
    offered = 0
    for attack in list(ATTACKS.values()):
        changed = {name: content for name, content in attack(dict(honest), _Canary(canary)).items()
                   if "/" not in name and content != honest.get(name)}
        for name, content in changed.items():
            (folder / name).write_bytes(content)
        if not changed:
            continue
        offered += 1
        with pytest.raises(LeadScoreError):
            ask(workbench, **GIVEN, version="2")
        for path in folder.iterdir():
            path.unlink()
        for name, content in honest.items():
            (folder / name).write_bytes(content)
    assert offered >= 20
    assert not canary.exists()
    assert models.show_model(workbench, **GIVEN, version="champion").version == champion


def test_the_version_before_answers_bit_for_bit_as_it_did(workbench: Workbench) -> None:
    models.deploy_model(workbench, **GIVEN, version="1")
    scoring.rescore(workbench, **GIVEN)
    first = _probabilities(workbench)
    models.deploy_model(workbench, **GIVEN, version="2")
    scoring.rescore(workbench, **GIVEN)
    assert not np.array_equal(_probabilities(workbench), first)
    done = models.roll_back_model(workbench, **GIVEN)
    scoring.rescore(workbench, **GIVEN)
    assert done["champion"] == 1
    assert np.array_equal(_probabilities(workbench), first)
    with read(workbench.engine) as session:
        runs = session.execute(text("SELECT model_version FROM score_runs ORDER BY id DESC LIMIT 3")).all()
    assert [row[0] for row in runs] == [1, 2, 1]


def test_other_library_versions_are_said_with_both_numbers(workbench: Workbench) -> None:
    folder = _folder(workbench, 1)
    files = workbench.registry.load(folder.name)
    written = json.loads(files[MODEL_FILE])
    written["report"]["libraries"] = {name: "0.0.1" for name in written["report"]["libraries"]}
    saved = workbench.registry.save({**files, MODEL_FILE: json.dumps(written).encode()},
                                    workbench.registry.manifest(folder.name))
    with workbench.engine.begin() as connection:
        connection.execute(text("UPDATE model_versions SET folder = :new WHERE id = 1"), {"new": saved.folder})
    told = models.verify_model(workbench, **GIVEN, version="1")
    assert told["libraries"] and all("0.0.1" in difference for difference in told["libraries"])
    assert any("other library versions" in warning for warning in told["warnings"])


def test_a_model_that_says_what_belongs_to_a_lead_is_not_registered(workbench: Workbench) -> None:
    lesson = lesson_of(workbench)
    email = str(lesson.material.leads["email"].dropna().iloc[0])
    lesson = replace(lesson, model=replace(lesson.model, report=replace(
        lesson.model.report, warnings=(f"learnt from {email}",))))
    before = state_of(workbench.engine)
    with pytest.raises(LeadScoreError) as refused:
        training.register(workbench, CLIENT, lesson, BOSS.name)
    assert refused.value.code == "personal_data_in_model"
    assert state_of(workbench.engine) == before
