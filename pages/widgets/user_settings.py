"""The accounts: who may sign in, what each may do, for which clients."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from leadscore.access import Role
from leadscore.services import accounts, sessions
from pages.shared import Context
from pages.widgets import notices, words

MAY = {
    Role.ADMIN: "everything, and manages users",
    Role.MANAGER: "imports, works and exports leads, changes settings and models",
    Role.ANALYST: "imports, works and exports leads, trains models",
    Role.VIEWER: "looks, without seeing personal data",
}


def draw(context: Context) -> None:
    """Draw the tab."""
    users = accounts.list_users(context.workbench, context.actor)
    states = sessions.account_states(context.workbench, context.actor)
    st.dataframe(
        pd.DataFrame([{"name": user.name, "role": user.role.capitalize(), "may": MAY[user.role],
                       "clients": ", ".join(sorted(user.clients)) or "all", "can": not user.disabled,
                       "last": states[user.id].last_at, "open": states[user.id].sessions,
                       "locked": states[user.id].locked_until is not None,
                       "since": user.created_at} for user in users]),
        hide_index=True, placeholder=words.MISSING, alt="Users, roles and clients",
        column_order=["name", "role", "clients", "can", "last", "open", "locked", "since", "may"], column_config={
            "name": st.column_config.TextColumn("Name", width="small", pinned=True),
            "role": st.column_config.TextColumn("Role", width=100),
            "may": st.column_config.TextColumn("May", width="large"),
            "clients": st.column_config.TextColumn("Clients", width="small"),
            "can": st.column_config.CheckboxColumn("Can sign in", width=100),
            "last": st.column_config.DatetimeColumn("Last signed in", format="D MMM YYYY, HH:mm", width=150,
                                                    help="Empty when that is more than a month ago."),
            "open": st.column_config.NumberColumn("Open in", width=80, help="Browsers that are signed in now."),
            "locked": st.column_config.CheckboxColumn("Held off", width=90, help="After wrong passwords, new places "
                                                      "must wait up to an hour."),
            "since": st.column_config.DatetimeColumn("Since", format="D MMM YYYY", width=110)})
    clients = accounts.visible_clients(context.workbench, context.actor)
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        _add(context, clients)
    with right, st.container(border=True, height="stretch"):
        _change(context, users, clients, states)


def _add(context: Context, clients: list[str]) -> None:
    st.markdown("**Add a user**")
    with st.form("add_user", border=False):
        name = st.text_input("Name", key="new_name", autocomplete="off")
        password = st.text_input("First password", type="password", key="new_password", autocomplete="new-password",
                                 help="At least 10 characters; four unrelated words make a good one.")
        role = _role_box("Role", Role.ANALYST, "new_role")
        granted = st.multiselect("Clients", clients, default=clients[:1], accept_new_options=True, key="new_clients",
                                 help="An administrator sees all clients.")
        own = st.toggle("Must choose their own password", value=True, key="new_must_change",
                        help="At the first sign-in, before anything else.")
        if st.form_submit_button("Add", type="primary", icon=":material/person_add:", key="add_user_button"):
            with notices.refusals():
                added = accounts.add_user(context.workbench, context.actor, name=name or "", password=password or "",
                                          role=role, clients=granted, must_change=own)
                notices.say_after_rerun(f"{added.name} can sign in now.")
                st.rerun()


def _change(context: Context, users: list[accounts.Account], clients: list[str],
            states: dict[int, sessions.AccountState]) -> None:
    st.markdown("**Change a user**")
    user = st.selectbox("User", users, format_func=lambda one: one.name, key="changed_user")
    if user is None:
        return
    _doors(context, user, states[user.id])
    with st.form(f"change-{user.id}", border=False):
        role = _role_box("Role", user.role, f"role-{user.id}")
        granted = st.multiselect("Clients", sorted(set(clients) | user.clients), default=sorted(user.clients),
                                 accept_new_options=True, key=f"clients-{user.id}",
                                 disabled=user.role is Role.ADMIN)
        enabled = st.toggle("Can sign in", value=not user.disabled, key=f"enabled-{user.id}")
        password = st.text_input("New password", type="password", key=f"password-{user.id}",
                                 autocomplete="new-password", placeholder="Leave empty to keep the present one",
                                 help="Must be changed at the next sign-in.")
        st.caption("A change ends the user's open sessions, so that it holds at once.")
        if st.form_submit_button("Save", key=f"save-user-{user.id}"):
            with notices.refusals():
                accounts.change_user(context.workbench, context.actor, user_id=user.id, role=role,
                                     disabled=not enabled, clients=granted if role is not Role.ADMIN else None,
                                     password=password or None, must_change=user.id != context.actor.user_id)
                notices.say_after_rerun(f"Saved what {user.name} may do.")
                st.rerun()


def _doors(context: Context, user: accounts.Account, state: sessions.AccountState) -> None:
    with st.container(horizontal=True):
        st.button("Sign out everywhere", key=f"end-{user.id}", icon=":material/logout:", disabled=not state.sessions,
                  on_click=_end, args=(context, user))
        st.button("Unlock", key=f"unlock-{user.id}", icon=":material/lock_open:", disabled=not state.locked_until,
                  help="Forgets the wrong passwords, so that nobody waits because of them.",
                  on_click=_unlock, args=(context, user))


def _end(context: Context, user: accounts.Account) -> None:
    with notices.refusals():
        ended = sessions.sign_out_everywhere(context.workbench, context.actor, user_id=user.id)
        notices.say_after_rerun(f"{user.name}: {words.counted(ended, 'session')} ended.")


def _unlock(context: Context, user: accounts.Account) -> None:
    with notices.refusals():
        sessions.unlock(context.workbench, context.actor, user_id=user.id)
        notices.say_after_rerun(f"{user.name} need not wait any more.")


def _role_box(label: str, role: Role, key: str) -> Role:
    roles = list(MAY)
    return st.selectbox(label, roles, index=roles.index(role), key=key,
                        format_func=lambda one: f"{one.capitalize()}: {MAY[one]}")
