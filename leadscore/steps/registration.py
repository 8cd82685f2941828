"""A trained model becomes a registered version: checked, kept under a signed manifest, and deployed when it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import Session

from leadscore.features.build import Features, unused_columns, with_made
from leadscore.features.made import sources_of
from leadscore.modeling.files.artefact import from_files, to_files
from leadscore.modeling.files.proof import proof_of
from leadscore.modeling.model import Model, TrainedModel
from leadscore.modeling.report import Verdict
from leadscore.modeling.tiers.model import ThreeTierModel
from leadscore.schema import label_of
from leadscore.scoring.blend import suggest_alpha
from leadscore.scoring.policy import Policy
from leadscore.scoring.scorecard import score_rules
from leadscore.steps.alerting import AlertKind, Severity, raise_alert
from leadscore.steps.approving import WAITS, is_wanted
from leadscore.steps.drift_reference import KEY as REFERENCE
from leadscore.steps.drift_reference import reference_of
from leadscore.steps.held_out import kept_frame
from leadscore.steps.material import Material
from leadscore.steps.models import challenge, crown, number_of
from leadscore.steps.personal_scan import refuse_personal_data
from leadscore.steps.policies import policy_in_force
from leadscore.steps.promotion import Promotion, judge_candidate
from leadscore.steps.sensitive import REASON
from leadscore.store import audit, clients, held_out
from leadscore.store import models as model_rows
from leadscore.store.database import write
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

PROMISED_METRICS = ("roc_auc", "average_precision", "brier", "log_loss", "calibration_error", "capture_at_20",
                    "lift_at_20", "precision_at_20")


@dataclass(frozen=True)
class Lesson:
    """What was learnt, from what, and what was asked for.

    Parameters
    ----------
    request : dict
        The wishes of the training in plain values, to repeat it by.
    deploy : bool
        Whether the version is to be put to use in any case.
    publish_if_not_worse : bool
        Whether it is to be put to use when it is not worse than the champion on leads neither has learnt from.
    sensitive : mapping of str to str
        Features that were left out because a column they come from is marked as sensitive, with their labels.
    """

    material: Material
    features: Features
    model: TrainedModel | ThreeTierModel
    seconds: float
    request: dict[str, Any]
    deploy: bool
    publish_if_not_worse: bool
    sensitive: Mapping[str, str] = field(default_factory=dict)

    def features_for(self, model: Model) -> Features:
        """Give the features with what people made for another model, as far as it does not use the outcome."""
        material = self.material
        made = [feature for feature in model.made
                if material.target_column not in sources_of(feature, material.custom_fields)]
        return with_made(self.features, material.leads, made, material.custom_fields)


@dataclass(frozen=True)
class Registered:
    """The version a model became, with its report and whether it was put to use."""

    version: int
    report: dict[str, Any]
    deployed: bool


def register(workbench: Workbench, client: str, lesson: Lesson, actor_name: str) -> Registered:
    """Keep a model; the first one that is better than chance is put to use by itself.

    Raises
    ------
    InvalidRequest
        ``personal_data_in_model``: nothing is kept then.
    """
    now, model = workbench.clock(), lesson.model
    files = to_files(model)
    refuse_personal_data(files, lesson.material.leads, lesson.material.headers)
    proof = proof_of(from_files(files))
    unseen = kept_frame(lesson.material, lesson.features, model)
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        model_rows.stand_alone(session, client_id)
        report = _report_of(session, workbench, client_id, lesson, proof)
        manifest = {"target": lesson.material.target, "data_fingerprint": lesson.material.fingerprint,
                    "created_at": now.isoformat(), "created_by": actor_name, "algorithm": model.report.algorithm,
                    "balance": model.report.balance, "proof": proof}
        saved = workbench.registry.save(files, manifest)
        first = model_rows.champion(session, client_id) is None
        promotion = judge_candidate(session, workbench, client_id, model, lesson.features_for) \
            if lesson.publish_if_not_worse else None
        deploy = lesson.deploy or (first and model.report.verdict != Verdict.CHANCE) \
            or (promotion is not None and promotion.publish)
        waits = deploy and is_wanted(session, client_id)
        if waits:
            promotion = _waiting(promotion)
        report["promotion"] = promotion.to_dict() if promotion else None
        row = model_rows.add(session, client_id, folder=saved.folder, algorithm=model.report.algorithm,
                             balance=model.report.balance, metrics=report["metrics"], report=report,
                             manifest=saved.manifest, created_by=actor_name, now=now)
        if unseen is not None:
            frame, about = unseen
            held_out.keep(session, workbench.vault, client_id, model_version=number_of(row), frame=frame, about=about,
                          as_of=lesson.features.as_of)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor_name, action="model_trained",
                     object=f"model:{row.id}", detail={
                         "algorithm": row.algorithm, "balance": row.balance,
                         "fingerprint": lesson.material.fingerprint, "promotion": report["promotion"]})
        _place(session, workbench, row, actor_name, deploy=deploy and not waits, first=first, promotion=promotion)
        version = int(row.id or 0)
        if waits:
            raise_alert(session, workbench, client_id=client_id, kind=AlertKind.APPROVAL, subject=f"model:{version}",
                        text=f"Model {version} is ready to be used and waits for the approval of somebody else than "
                             f"{actor_name}.", severity=Severity.NOTE, now=now)
    return Registered(version, report, deploy and not waits)


def promised(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Put the figures people script against first."""
    return {name: metrics[name] for name in PROMISED_METRICS if name in metrics} | dict(metrics)


def _waiting(promotion: Promotion | None) -> Promotion:
    """Keep a version back that would be put to use, until a second person has approved it."""
    before = promotion or Promotion(publish=True, reason="")
    return replace(before, publish=False, reason=f"{before.reason} {WAITS}".strip())


def _place(session: Session, workbench: Workbench, row: ModelVersion, actor_name: str, *, deploy: bool, first: bool,
           promotion: Promotion | None) -> None:
    """Put a version to use, or let it wait as challenger when it was to be published and was not."""
    version, now = int(row.id or 0), workbench.clock()
    if deploy:
        crown(session, workbench, client_id=row.client_id, version=version, actor_name=actor_name, now=now)
    elif promotion is not None and not first:
        challenge(session, workbench, client_id=row.client_id, version=version, actor_name=actor_name, now=now,
                  reason=promotion.reason)


def _report_of(session: Session, workbench: Workbench, client_id: int, lesson: Lesson, proof: str) -> dict[str, Any]:
    """Tell the report in the words of the user's file, with what only now is known beside it."""
    material, report = lesson.material, lesson.model.report.to_dict()
    in_force = policy_in_force(session, client_id, None, now=workbench.clock())
    return report | {
        "set_aside": [_in_their_words(finding) for finding in report["set_aside"]] + _never_features(material)
        + _switched_off(lesson, in_force.policy) + _sensitive(lesson),
        "suspects": [_in_their_words(finding) for finding in report["suspects"]],
        "data": report["data"] | {"period": _period(material)},
        "suggested_alpha": _suggested_alpha(lesson.model, lesson.features, in_force.policy),
        "target": material.target, "seconds": round(lesson.seconds, 2), "policy_version": in_force.version,
        "proof": proof, "request": lesson.request, REFERENCE: reference_of(lesson.features, lesson.model)}


def _suggested_alpha(model: Model, features: Features, policy: Policy) -> float | None:
    """Find the blend that would have ranked the held-out leads best."""
    if model.held_out is None:
        return None
    held_out = model.held_out
    unseen = replace(features, frame=features.frame.loc[held_out.index])
    rules = score_rules(unseen, policy)
    return float(suggest_alpha(rules.rule_score, held_out["probability"], held_out["y"]).alpha)


def _period(material: Material) -> list[str] | None:
    """Say from when to when the leads with a known outcome came in."""
    if "created_at" not in material.leads:
        return None
    days = material.leads["created_at"][material.outcome.notna()].dropna()
    return [f"{day:%Y-%m-%d}" for day in (days.min(), days.max())] if len(days) else None


def _in_their_words(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Name a screened column as the user's file does; ours stays beside it."""
    return {"column": finding["label"], "reason": finding["reason"], "code": finding["code"], "name": finding["column"],
            "effect": finding["effect"]}


def _switched_off(lesson: Lesson, policy: Policy) -> list[dict[str, Any]]:
    """List the features a person has switched off, which a training leaves out."""
    labels = lesson.features.labels
    return [{"column": labels[name], "reason": "It is switched off in the settings.", "code": "switched_off",
             "name": name, "effect": None}
            for name in policy.switched_off if name in labels and name not in lesson.model.columns
            and name not in lesson.sensitive]


def _sensitive(lesson: Lesson) -> list[dict[str, Any]]:
    """List the features that were left out because they are sensitive, or made of what is."""
    return [{"column": label, "reason": REASON, "code": "sensitive", "name": name, "effect": None}
            for name, label in lesson.sensitive.items()]


def _never_features(material: Material) -> list[dict[str, Any]]:
    """List the columns no model may see at all: identifiers, personal data, outcomes, consent."""
    reasons = unused_columns(material.leads, material.custom_fields)
    return [{"column": label_of(name, material.headers), "reason": reason, "code": "never_a_feature", "name": name,
             "effect": None}
            for name, reason in reasons.items() if name != material.target_column]
