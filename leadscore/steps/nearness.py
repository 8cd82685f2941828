"""Vectors of the stored leads: kept up to date with their texts, and searched for the nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.errors import Cancelled, LeadScoreError
from leadscore.features.text import impersonal, standing_for
from leadscore.scoring.lookalikes import nearest
from leadscore.steps.language import PAID_FOR, LanguageChoice, choice_of, month_of
from leadscore.steps.progress import Progress
from leadscore.store import audit, language_answers, lead_reading
from leadscore.store import vectors as vector_rows
from leadscore.store.database import read, write
from leadscore.store.language_answers import EMBEDDING
from leadscore.workbench import Workbench

CHUNK = 20_000
"""Leads whose texts are read at a time."""
SENT_AT_ONCE = 64
MOST_IN_MEMORY = 4
AUTHOR = "similar leads"
FAILED = "failed at "
"""Stands before the state of the leads for which a server failed; it is asked again when they have changed."""


@dataclass(frozen=True)
class Neighbourhood:
    """All vectors of a client in one space, turned, as they were when ``state`` held."""

    state: str
    ids: np.ndarray
    vectors: np.ndarray

    def rows_of(self, lead_ids: np.ndarray) -> np.ndarray:
        """Give the positions of leads; those without a vector are left out."""
        if not len(self.ids):
            return np.zeros(0, dtype=np.intp)
        places = np.searchsorted(self.ids, lead_ids).clip(max=len(self.ids) - 1)
        return np.asarray(places[self.ids[places] == lead_ids], dtype=np.intp)


@dataclass(frozen=True)
class _Space:
    """A way to turn texts into vectors, and what the texts may hold."""

    name: str
    remote: bool
    personal: bool


def local_space(workbench: Workbench) -> str:
    """Name the space that is always there."""
    return workbench.embedder.space


def space_for_leads(session: Session, workbench: Workbench, client_id: int) -> str:
    """Name the space leads are compared in: the language server's where it is prepared, else the local one."""
    remote = _remote_space(workbench, choice_of(session, client_id))
    if remote and vector_rows.prepared_for(session, client_id, remote.name) == vector_rows.stamp(session, client_id):
        return remote.name
    return local_space(workbench)


def is_prepared(session: Session, workbench: Workbench, client_id: int) -> bool:
    """Say whether the local vectors match the leads."""
    return vector_rows.prepared_for(session, client_id, local_space(workbench)) == vector_rows.stamp(session, client_id)


def is_waiting(session: Session, workbench: Workbench, client_id: int) -> bool:
    """Say whether vectors of any kind are to be worked out; those a server has just failed to give are not."""
    remote = _remote_space(workbench, choice_of(session, client_id))
    state = vector_rows.stamp(session, client_id)
    return not is_prepared(session, workbench, client_id) or (
        remote is not None and vector_rows.prepared_for(session, client_id, remote.name) not in (state, FAILED + state))


def prepare_locally(workbench: Workbench, client_id: int, *, tell: Progress, now: datetime) -> int:
    """Bring the local vectors up to date, which asks nobody: quick enough for a few leads while somebody waits."""
    return _fill(workbench, client_id, _Space(local_space(workbench), False, True), tell=tell, now=now)


def prepare(workbench: Workbench, client_id: int, *, tell: Progress, now: datetime) -> int:
    """Bring the vectors of a client's leads up to date; returns how many were worked out.

    Local vectors always; those of a language server besides, where an administrator allows it and the limit lasts. A
    server that fails leaves the local ones in use.
    """
    with read(workbench.engine) as session:
        remote = _remote_space(workbench, choice_of(session, client_id))
    done = prepare_locally(workbench, client_id, tell=tell, now=now)
    if remote is not None:
        try:
            done += _fill(workbench, client_id, remote, tell=tell, now=now)
        except Cancelled:
            raise
        except LeadScoreError as fault:
            with write(workbench.engine) as session:
                vector_rows.note_prepared(session, client_id, remote.name,
                                          FAILED + vector_rows.stamp(session, client_id))
            tell(1.0, f"{fault.message} Similar leads are found by the local vectors.")
    return done


def neighbourhood(session: Session, workbench: Workbench, client_id: int, space: str) -> Neighbourhood:
    """Give all vectors of a client, from memory when they are still those of the store."""
    state = f"{vector_rows.prepared_for(session, client_id, space)} {vector_rows.forgotten(session, client_id)}"
    known: Neighbourhood | None = workbench.nearby.get((client_id, space))
    if known is not None and known.state == state:
        return known
    ids, vectors = vector_rows.load(session, client_id, space)
    loaded = Neighbourhood(state, ids, vectors)
    workbench.nearby.pop((client_id, space), None)
    held = [name for name, value in workbench.nearby.items() if isinstance(value, Neighbourhood)]
    for name in held[:max(0, len(held) - MOST_IN_MEMORY + 1)]:
        workbench.nearby.pop(name, None)
    workbench.nearby[client_id, space] = loaded
    return loaded


def nearest_leads(session: Session, workbench: Workbench, client_id: int, space: str, question: np.ndarray, *,
                  count: int, without: np.ndarray) -> pd.Series:
    """Find the leads nearest to a turned vector (or to the nearest of several, one a column).

    Returns
    -------
    Series of float
        Cosines by lead id, largest first.
    """
    if question.ndim == 1 and len(without) <= count and vector_rows.has_index(session, len(question)):
        found = vector_rows.nearest_indexed(session, client_id, space, question, count + len(without))
        found = found[~found.index.isin(without)].head(count)
        if len(found) == count:
            return found
        # few leads among many of other clients: the index may have run out, looking at each finds them all
    near = neighbourhood(session, workbench, client_id, space)
    places, products = nearest(near.vectors, question, count, near.rows_of(without))
    return pd.Series(products.astype(float), index=pd.Index(near.ids[places], name="lead_id"))


def _remote_space(workbench: Workbench, choice: LanguageChoice) -> _Space | None:
    server = workbench.language
    if server is None or not server.embeddings_model or not choice.on:
        return None
    suffix = "+" if choice.send_personal_data else "-"
    return _Space(f"{server.embeddings_model[:100]}{suffix}", True, choice.send_personal_data)


def _fill(workbench: Workbench, client_id: int, space: _Space, *, tell: Progress, now: datetime) -> int:
    with read(workbench.engine) as session:
        state = vector_rows.stamp(session, client_id)
        if vector_rows.prepared_for(session, client_id, space.name) == state:
            return 0
        lead_ids = lead_reading.ids(session, client_id)
        known = vector_rows.digests(session, client_id, space.name)
    gone = np.setdiff1d(known.index.to_numpy(), lead_ids)
    done = 0
    for start in range(0, len(lead_ids), CHUNK):
        tell(start / len(lead_ids), f"Placing lead {start + 1:,} of {len(lead_ids):,} among the others")
        done += _fill_chunk(workbench, client_id, space, lead_ids[start:start + CHUNK], known, now)
    with write(workbench.engine) as session:
        vector_rows.remove(session, client_id, space.name, gone)
        vector_rows.note_prepared(session, client_id, space.name, state)
    return done


def _fill_chunk(workbench: Workbench, client_id: int, space: _Space, lead_ids: np.ndarray, known: pd.Series,
                now: datetime) -> int:
    with read(workbench.engine) as session:
        leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=lead_ids)
        # without leave for more, what leaves the machine is what may be told of a lead without telling who it is
        texts = standing_for(leads, lead_reading.custom_fields(session, client_id)) if space.personal \
            else impersonal(leads)
    texts = texts.dropna()
    names = pd.Series([blake2b(text.encode(), digest_size=vector_rows.DIGEST_BYTES).hexdigest()
                       for text in texts.tolist()], index=texts.index, dtype="str")
    earlier = known.reindex(names.index)
    changed = texts[(earlier.isna() | (earlier != names)).to_numpy(dtype=bool)]
    codes, distinct = pd.factorize(changed)
    vectors = _embedded(workbench, client_id, space, [str(text) for text in distinct], now)
    silent = np.setdiff1d(np.intersect1d(known.index.to_numpy(), lead_ids), texts.index.to_numpy())
    if len(changed):
        _forget_unlike(workbench, client_id, space, vectors.shape[1])
    with write(workbench.engine) as session:
        if len(changed):
            vector_rows.ensure_index(session, vectors.shape[1])
        vector_rows.remove(session, client_id, space.name, silent)
        vector_rows.save(session, workbench.vault, client_id, space.name, lead_ids=changed.index.to_numpy(),
                         texts=names.loc[changed.index].tolist(),
                         vectors=vectors[codes] if len(changed) else vectors)
    return len(changed)


def _forget_unlike(workbench: Workbench, client_id: int, space: _Space, dimensions: int) -> None:
    """Refuse vectors that cannot be compared with those stored, which are forgotten: the next time all are made anew.

    Raises
    ------
    LeadScoreError
        The server gives vectors of another length than before, so there is another model behind the name.
    """
    with write(workbench.engine) as session:
        if vector_rows.dimensions(session, client_id, space.name) in (0, dimensions):
            return
        vector_rows.remove(session, client_id, space.name,
                           vector_rows.digests(session, client_id, space.name).index.to_numpy())
    raise _unlike()


def _embedded(workbench: Workbench, client_id: int, space: _Space, texts: Sequence[str], now: datetime) -> np.ndarray:
    if not space.remote or not texts:
        return workbench.embedder.embed(texts)
    parts, tokens = [], 0
    try:
        for start in range(0, len(texts), SENT_AT_ONCE):
            vectors, cost = _asked(workbench, client_id, space, texts[start:start + SENT_AT_ONCE], now)
            tokens += cost
            parts.append(vectors)
            if vectors.shape[1] != parts[0].shape[1]:
                raise _unlike()
    finally:
        _note_sent(workbench, client_id, space, sum(map(len, parts)), tokens, now)
    return np.concatenate(parts)


def _asked(workbench: Workbench, client_id: int, space: _Space, texts: Sequence[str],
           now: datetime) -> tuple[np.ndarray, int]:
    """Ask the server for vectors, within what is allowed at this moment; gives them and what they cost."""
    with write(workbench.engine) as session:
        choice = choice_of(session, client_id)
        if _remote_space(workbench, choice) != space:
            raise LeadScoreError("language_switched", "What may be sent to the language server was changed meanwhile.",
                                 "Similar leads are prepared anew when leads change.")
        held = language_answers.reserve(session, workbench.vault, client_id, sum(map(len, texts)) // 3,
                                        limit=choice.monthly_tokens, since=month_of(now), kind=EMBEDDING,
                                        model=space.name, now=now)
    if held is None:
        raise LeadScoreError("language_limit", f"The limit of {choice.monthly_tokens:,} tokens a month is reached.",
                             "Raise it in the settings, or wait for the next month.")
    cost = 0
    try:
        vectors, cost = workbench.language.embed(texts)  # type: ignore[union-attr]
    except LeadScoreError as fault:
        if fault.code in PAID_FOR:
            cost = sum(map(len, texts)) // 3
        raise
    finally:
        with write(workbench.engine) as session:
            language_answers.settle(session, client_id, held, cost)
    return vectors, cost


def _unlike() -> LeadScoreError:
    return LeadScoreError("language_vectors_differ", "The language server gives vectors of different lengths.",
                          "Check the name of the model in LEADSCORE_EMBEDDINGS.")


def _note_sent(workbench: Workbench, client_id: int, space: _Space, texts: int, tokens: int, now: datetime) -> None:
    """Write down how much was sent; never what."""
    if not texts:
        return
    server = workbench.language
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=AUTHOR,
                     action="language_server_asked", object=f"client:{client_id}",
                     detail={"host": server.host if server else "", "model": space.name, "texts": texts,
                             "with_personal_words": texts if space.personal else 0, "tokens": tokens})
