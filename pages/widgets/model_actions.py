"""What a person may do with a model version: use it, roll back to it, try it against the one in use, check it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.errors import LeadScoreError
from leadscore.services import jobs, model_documents, models
from leadscore.services.models import ModelView
from pages.shared import Context
from pages.widgets import report_words
from pages.widgets.notices import show_refusal
from pages.widgets.progress import running, watch

TOLD = "model_told"
SCORING = "rescore_job"


def draw(context: Context, model: ModelView) -> None:
    """Draw the buttons the role allows, and what the last of them did."""
    version = model.version
    with st.container(horizontal=True):
        if context.actor.may(Action.DEPLOY_MODEL) and model.alias != "champion":
            if model.alias == "previous":
                _button("Roll back to it", "undo", f"back-{version}", _roll_back, context, version)
            else:
                _button("Put to use", "rocket_launch", f"deploy-{version}", _deploy, context, version)
            if model.alias != "challenger":
                _button("Make challenger", "swords", f"challenge-{version}", _challenge, context, version,
                        "It scores nothing; it is the one to compare with the one in use.")
        _button("Check its files", "verified", f"verify-{version}", _verify, context, version,
                "Compares every file with its signature, its answers with those noted at the training, and scores it "
                "made with scores made anew.")
        st.download_button("Model card", lambda: models.model_card(**_asked(context, version)), on_click="ignore",
                           file_name=f"model-{version}.html", mime="text/html", key=f"card-{version}",
                           icon=":material/description:", help="Everything about this version on one page, to print "
                                                               "or to pass on.")
        _document(context, version)
    _tell(context, version)


def _document(context: Context, version: int) -> None:
    """Offer the whole document to those who look after models; it is made when it is asked for."""
    if not context.actor.may(Action.VIEW_AUDIT):
        return
    with st.popover("Document", icon=":material/fact_check:", key=f"document-{version}",
                    help="Everything known of this version: data, performance by segment, fairness, drift, approvals, "
                         "changes and where it is used."):
        for as_a, mime in (("html", "text/html"), ("pdf", "application/pdf")):
            st.download_button(as_a.upper(), partial(_made, context, version, as_a), on_click="ignore", mime=mime,
                               file_name=f"model-{version}-document.{as_a}", key=f"document-{version}-{as_a}",
                               type="tertiary")


def _made(context: Context, version: int, as_a: str) -> bytes:
    return model_documents.model_document(**_asked(context, version),
                                          as_a=model_documents.Format(as_a)).content


def watch_scoring(context: Context) -> None:
    """Show how far the scoring is that a version put to use has brought about."""
    for job in running(context, "rescore"):
        # the tab Scoring shows the one it knows; two of one key cannot be drawn
        if job.id != st.session_state.get(SCORING):
            watch(context, job.id)


def _tell(context: Context, version: int) -> None:
    """Say beside the version what the last button did; it stays until the next one, whatever renews the page."""
    where, told = st.session_state.get(TOLD, (None, None))
    if where != (context.client, version):
        return
    if isinstance(told, LeadScoreError):
        show_refusal(told)
    else:
        title, text, calm = told
        (st.success if calm else st.warning)(text, title=title,
                                             icon=":material/check_circle:" if calm else ":material/warning:")


def _button(label: str, icon: str, key: str, action: Callable[[Context, int], Any], context: Context, version: int,
            help_text: str | None = None) -> None:
    st.button(label, icon=f":material/{icon}:", key=key, on_click=_attempt, args=(action, context, version),
              help=help_text)


def _attempt(action: Callable[[Context, int], Any], context: Context, version: int) -> None:
    try:
        told: Any = action(context, version)
    except LeadScoreError as refusal:
        told = refusal
    st.session_state[TOLD] = ((context.client, version), told)


def _asked(context: Context, version: int) -> dict[str, Any]:
    return {"workbench": context.workbench, "actor": context.actor, "client": context.client, "version": str(version)}


def _deploy(context: Context, version: int) -> tuple[str, str, bool]:
    done = models.deploy_model(**_asked(context, version))
    return f"Model {version} is in use.", _after(context, done, []), not done.get("warnings")


def _roll_back(context: Context, version: int) -> tuple[str, str, bool]:
    done = models.roll_back_model(**_asked(context, version))
    proof = report_words.replayed(done.get("replay") or {})
    return f"Model {version} is back in use.", _after(context, done, [proof]), not done.get("warnings")


def _challenge(context: Context, version: int) -> tuple[str, str, bool]:
    models.challenge_model(**_asked(context, version))
    return f"Model {version} is the challenger.", "Compare it with the one in use below.", True


def _verify(context: Context, version: int) -> tuple[str, str, bool]:
    found = models.verify_model(**_asked(context, version))
    files = int(found["files"])
    said = ["Its file is as it was registered." if files == 1 else
            f"All {files:,} files are as they were registered."]
    if found.get("same_answers"):
        said.append("It answers as it did after its training, bit for bit.")
    said.append(report_words.replayed(found.get("replay") or {}))
    title = f"Model {version} is as it was." if found["ok"] else f"Model {version} does not answer as it did."
    return title, _joined([*said, *_warned(found)]), bool(found["ok"])


def _after(context: Context, done: Mapping[str, Any], said: list[str]) -> str:
    """Score all leads again where stored scores are another version's, and say so."""
    if done.get("rescore_needed", True):
        jobs.submit(context.workbench, context.actor, client=context.client, kind="rescore", arguments={})
        said = [*said, "All leads are being scored again."]
    return _joined([*said, *_warned(done)])


def _warned(done: Mapping[str, Any]) -> list[str]:
    return [report_words.sentence(warning) for warning in done.get("warnings") or []]


def _joined(sentences: list[str]) -> str:
    return " ".join(filter(None, sentences)) or "Stored scores are its own already."
