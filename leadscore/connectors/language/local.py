"""Embeddings from static word vectors that are part of the installation: nothing is downloaded, nothing leaves."""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from leadscore.errors import LeadScoreError

DIMENSIONS = 256
PACKAGE = "wordllama"
SPACE = "wordllama-256"
TEXTS_AT_ONCE = 2_000
LONGEST_TEXT = 2_000
REMEMBERED, MOST_REMEMBERED = 8, 20_000
"""Batches whose vectors are kept, and the most texts of one: a slider asks for the same leads again and again."""


class LocalEmbedder:
    """Turns texts into unit vectors; the words are loaded at the first use, which takes about a second.

    The vector of a text depends on that text alone, to the last bit, whatever else is embedded with it, so that a score
    that rests on it can be made again.
    """

    space = SPACE
    dimensions = DIMENSIONS

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._words: tuple[Any, np.ndarray] | None = None
        self._recent: OrderedDict[bytes, np.ndarray] = OrderedDict()

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Give the vectors of texts.

        Parameters
        ----------
        texts : sequence of str
            What goes beyond 2,000 characters of a text is not read.

        Returns
        -------
        ndarray of float32, shape (n_texts, 256)
            Of length 1; all zeros for a text without a word.

        Raises
        ------
        LeadScoreError
            The word vectors are not installed.
        """
        if len(texts) > MOST_REMEMBERED:
            return self._embedded(texts)
        # with the lengths, since texts that are joined no longer tell where one ends
        lengths = np.array([len(text) for text in texts], dtype=np.int64).tobytes()
        name = blake2b(lengths + "".join(texts).encode("utf-8", "surrogatepass"), digest_size=32).digest()
        with self._lock:
            known = self._recent.get(name)
        if known is None:
            known = self._embedded(texts)
            known.setflags(write=False)
            with self._lock:
                self._recent[name] = known
                while len(self._recent) > REMEMBERED:
                    self._recent.popitem(last=False)
        return known

    def _embedded(self, texts: Sequence[str]) -> np.ndarray:
        tokenizer, vectors = self._loaded()
        parts = [_pooled(tokenizer, vectors, texts[start:start + TEXTS_AT_ONCE])
                 for start in range(0, len(texts), TEXTS_AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros((0, DIMENSIONS), dtype=np.float32)

    def _loaded(self) -> tuple[Any, np.ndarray]:
        with self._lock:
            if self._words is None:
                self._words = _load()
            return self._words


def _load() -> tuple[Any, np.ndarray]:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.origin:
        raise LeadScoreError("no_word_vectors", "The local word vectors are not installed.",
                             "Install the pinned packages again.")
    # the package sets up logging for the whole process when it is imported; that is not its to decide
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    from wordllama import WordLlama

    root.handlers[:], root.level = handlers, level
    words = WordLlama.load(dim=DIMENSIONS, cache_dir=Path(found.origin).parent, disable_download=True)
    words.tokenizer.no_padding()
    return words.tokenizer, words.embedding


def _pooled(tokenizer: Any, vectors: np.ndarray, texts: Sequence[str]) -> np.ndarray:
    """Average the vectors of each text's words, one text after the other, so that none depends on its neighbours."""
    encoded = [one.ids for one in tokenizer.encode_batch([text[:LONGEST_TEXT] for text in texts],
                                                         add_special_tokens=False)]
    ends = np.cumsum([0, *(len(ids) for ids in encoded)])
    flat = np.clip(np.fromiter(chain.from_iterable(encoded), dtype=np.int32, count=ends[-1]), 0, len(vectors) - 1)
    # a sparse product adds the rows of one text in their order, without a copy of each
    words = csr_array((np.ones(ends[-1], dtype=np.float32), flat, ends), shape=(len(texts), len(vectors)))
    sums = np.asarray(words @ vectors)
    norms = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
    return np.asarray(sums / np.where(norms > 0, norms, 1.0), dtype=np.float32)
