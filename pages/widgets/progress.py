"""A running job as people watch it: a bar, a sentence, a way to stop it, and a page they may leave meanwhile."""

from __future__ import annotations

import streamlit as st

from leadscore.errors import LeadScoreError
from leadscore.services import jobs
from pages.shared import Context
from pages.widgets import words
from pages.widgets.notices import show_refusal

EVERY_SECONDS = 1.0


def watch(context: Context, job_id: str) -> jobs.JobView | None:
    """Draw the job; give it once it has ended, None while it runs or when there is no such job.

    While it runs, only this part of the page renews itself; the end of the job draws the whole page anew.
    """
    try:
        job = jobs.view(context.workbench, context.actor, job_id=job_id)
    except LeadScoreError as error:
        show_refusal(error)
        return None
    if job.ended:
        return _told(job)
    _running(context, job_id)
    return None


def running(context: Context, *kinds: str) -> list[jobs.JobView]:
    """List the jobs of these kinds that have not ended."""
    recent = jobs.recent(context.workbench, context.actor, client=context.client, limit=20)
    return [job for job in recent if job.kind in kinds and not job.ended]


def _told(job: jobs.JobView) -> jobs.JobView:
    if job.state == "failed":
        error = job.error or {}
        st.error(error.get("hint") or "Nothing was kept.", title=error.get("message") or "The work stopped.",
                 icon=":material/error:")
    elif job.state == "cancelled":
        st.info("It was stopped before its end. Nothing was kept.", icon=":material/stop_circle:")
    return job


@st.fragment(run_every=EVERY_SECONDS)
def _running(context: Context, job_id: str) -> None:
    job = jobs.view(context.workbench, context.actor, job_id=job_id)
    if job.ended:
        st.rerun()
    with st.container(border=True):
        waiting = job.state == "queued"
        doing = "stopping after the present step" if job.stopping else "waiting for its turn" if waiting else "at work"
        st.markdown(f"**{words.JOB_WORDS.get(job.kind, job.kind)}** · {doing}")
        st.progress(min(max(job.progress, 0.0), 1.0), text=words.escape(job.message or "Starting") + " …")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("You can leave this page; the work goes on, and this address shows how far it is.",
                       width="stretch")
            if st.button("Stop", key=f"stop-{job_id}", icon=":material/stop_circle:",
                         disabled=job.stopping):
                jobs.cancel(context.workbench, context.actor, job_id=job_id)
                st.toast("Stopping. Nothing will be kept.")
