"""The memory of a page of sliders: what each stands at, the moves made so far, and the way back.

Every widget takes its key from here. A saved version, or a reset, gives all of them new keys, so that they start again
from the policy in force.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

MOST_MOVES = 50
MOVES, ROUND = "tuning_moves", "tuning_round"


@dataclass(frozen=True)
class Tuning:
    """The widgets over one version of the policy, made anew on each run of the page."""

    version: int
    keys: list[str] = field(default_factory=list)

    def key(self, name: str, default: Any) -> str:
        """Give the key of a widget; where it has no value yet it gets the one of the last move, else this one."""
        key = self._key(name)
        moves = self._moves()
        # in the state and not as a default of the widget, since going back sets it too; a widget that was not drawn
        # while another tab was looked at has lost its own value
        st.session_state.setdefault(key, moves[-1].get(key, default) if moves else default)
        self.keys.append(key)
        return key

    def put(self, name: str, value: Any) -> None:
        """Set a widget from a callback."""
        st.session_state[self._key(name)] = value

    def note(self) -> None:
        """Remember where all widgets stand, if one has moved; called once they are all drawn."""
        now = {key: st.session_state[key] for key in self.keys}
        moves = self._moves()
        if not moves or moves[-1] != now:
            st.session_state[MOVES] = [*moves, now][-MOST_MOVES:]

    def can_undo(self) -> bool:
        """Say whether there is a move to take back."""
        return len(self._moves()) > 1

    def undo(self) -> None:
        """Put all widgets where they stood before the last move."""
        moves = self._moves()[:-1]
        st.session_state[MOVES] = moves
        st.session_state.update(moves[-1])

    def reset(self) -> None:
        """Put all widgets back to the policy in force."""
        st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1

    def _key(self, name: str) -> str:
        return f"{name}-v{self.version}-{st.session_state.get(ROUND, 0)}"

    def _moves(self) -> list[dict[str, Any]]:
        """Give the moves over this version since the last reset."""
        end = self._key("")
        return [move for move in st.session_state.get(MOVES, []) if all(key.endswith(end) for key in move)]
