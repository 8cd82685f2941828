"""What a language server may be used for: off until an administrator switches it on, with a limit and a test."""

from __future__ import annotations

import streamlit as st

from leadscore.services import language
from pages.shared import Context
from pages.widgets import notices, words

STEP = 10_000
MOST = 1_000_000_000


def draw(context: Context) -> None:
    """Draw the tab."""
    view = language.language_settings(context.workbench, context.actor, client=context.client)
    st.markdown("##### Who judges what leads want to buy")
    st.markdown(words.escape(view.sentence))
    left, right = st.columns([3, 2], gap="large")
    with left, st.container(border=True):
        _switches(context, view)
    with right:
        with st.container(border=True):
            _spent(view)
        with st.container(border=True):
            _server(context, view)


def _switches(context: Context, view: language.LanguageView) -> None:
    with st.form("language", border=False):
        on = st.toggle("Let a language server read about leads", view.choice.on, key="language_on",
                       help="Role, industry, company size and country of each lead go to the server.")
        personal = st.toggle("Also send what people wrote (bio and notes)", view.choice.send_personal_data,
                             key="language_personal")
        st.warning(f"What people wrote is personal data. With this switch it leaves this machine for "
                   f"{words.escape(view.host or 'the server')}. You need a legal basis and a contract with its "
                   "operator. E-mail addresses and telephone numbers are taken out, names of leads are not sent, "
                   "but a text may still tell who wrote it.", icon=":material/warning:")
        limit = st.number_input("Tokens a month at most", 0, MOST, view.choice.monthly_tokens, STEP,
                                key="language_limit", help="A lead costs about 100 to 300. Beyond the limit leads are "
                                                           "judged on this machine.")
        if st.form_submit_button("Save", type="primary", key="save_language"):
            with notices.refusals():
                language.save_language_settings(
                    context.workbench, context.actor, client=context.client,
                    changes={"on": on, "send_personal_data": personal, "monthly_tokens": int(limit)})
                notices.say_after_rerun("Saved. It holds from the next scoring on.")
                st.rerun()


def _spent(view: language.LanguageView) -> None:
    limit = view.choice.monthly_tokens
    st.metric("Tokens this month", words.count(view.spent))
    st.progress(min(view.spent / limit, 1.0) if limit else 1.0, text=f":small[of {words.count(limit)}]")


def _server(context: Context, view: language.LanguageView) -> None:
    st.markdown("**Server**")
    st.table({"Address": words.escape(view.host or words.MISSING), "Model": words.escape(view.model or words.MISSING),
              "Similar leads by": words.escape("word vectors on this machine" if view.embeddings == "local"
                                               else view.embeddings)}, border="horizontal")
    if view.problem:
        st.caption(f":orange[:material/info:] {words.escape(view.problem)}")
    if st.button("Test the connection", icon=":material/network_check:", key="try_language",
                 disabled=bool(view.problem), help="Asks about one invented lead."):
        with notices.refusals():
            st.success(words.escape(language.try_language_server(context.workbench, context.actor,
                                                                 client=context.client)),
                       icon=":material/check_circle:")
