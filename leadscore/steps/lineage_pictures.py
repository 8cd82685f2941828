"""Lineages become pictures: from a file to a score, and from a file to all that came of it."""

from __future__ import annotations

from leadscore.charts.flow import Box, flow
from leadscore.charts.numbers import counted
from leadscore.charts.picture import Picture
from leadscore.schema import Tier
from leadscore.steps.lineage import FileFacts, FileLineage, LeadLineage

MOST_FILES = 3


def picture_of_lead(found: LeadLineage) -> Picture:
    """Draw how a lead's values became its score, and where it went."""
    later = found.updates[-(MOST_FILES - 1):]
    files = [_file(found.file), *(_file(update.file) for update in later)]
    rows = [Box("work", f"Row {found.row:,}", f"{counted(len(found.fields), 'value')} read")]
    rows += [Box("work", f"Row {', '.join(map(str, update.rows))}" if update.rows else "A later row",
                 f"{counted(len(update.changed), 'value')} changed") for update in later]
    remarks = int((found.fields["remarks"] != "").sum())
    cleaned = [Box("work", "Cleaned and mapped", f"{counted(remarks, 'remark')} on this row" if remarks
                   else "no remarks on this row")]
    features = [Box("work", counted(len(found.features), "feature"),
                    f"as of {found.as_of:%d %b %Y}" if found.as_of else "")]
    went = [Box("out", counted(len(found.exports), "export"), "held this lead" if found.exports else "none so far"),
            Box("out", f"Looked at {counted(found.looked_at, 'time')}", "by people who may see personal data"),
            Box("out", found.outcome.capitalize(), "what became of it so far")]
    return flow("lineage-lead", f"How lead {found.lead_id:,} got its score",
                [files, rows, cleaned, features if found.run_id else [], _versions(found), _score(found), went],
                caption="Each row comes from the row above it.")


def picture_of_file(found: FileLineage) -> Picture:
    """Draw what has become of a file."""
    file = found.file
    rows = [Box("work", f"{file.rows_stored:,} stored", "as new leads"),
            Box("work", f"{file.updated:,} updated", "leads known before"),
            Box("work", f"{file.duplicates:,} duplicates", "nothing new in them"),
            Box("loss" if file.rejected else "work", f"{file.rejected:,} rejected", "see the remarks of the import")]
    now = [Box("score", f"{found.tiers.get(str(tier), 0):,} {tier}", "by their score now") for tier in Tier]
    ends = [Box("out", f"{number:,} {stage}", "") for stage, number in sorted(found.outcomes.items())]
    used = [Box("version", counted(len(found.models), "model"), "trained while these leads were stored"),
            Box("out", counted(len(found.exports), "export"), "held leads of this file")]
    return flow("lineage-file", f"What has become of import {file.batch_id:,}",
                [[_file(file)], rows, now if found.scored else [], ends, used],
                caption="Leads that were erased since are not counted below the second row.")


def _file(file: FileFacts) -> Box:
    return Box("data", file.filename, f"import {file.batch_id}, {file.at:%d %b %Y}, by {file.imported_by}, SHA-256 "
                                      f"{file.sha256[:8]}\u2026")


def _versions(found: LeadLineage) -> list[Box]:
    if found.run_id is None:
        return []
    policy = Box("version", f"Policy version {found.policy['version']}", f"saved by {found.policy['by']}") \
        if found.policy else Box("loss", "No policy", "it is no longer there")
    model = Box("version", f"Model {found.model.version} ({found.model.algorithm})",
                f"trained {found.model.created_at:%d %b %Y} on {found.model.trained_on}") \
        if found.model else Box("version", "No model", "rules alone")
    return [policy, model]


def _score(found: LeadLineage) -> list[Box]:
    if found.score is None:
        return [Box("loss", "Not scored yet", "")]
    return [Box("score", f"Score {found.score:.1f}, {found.tier}",
                f"scoring {found.run_id}; {counted(len(found.history), 'score')} in all")]
