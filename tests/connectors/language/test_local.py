"""Local embeddings: the same text gives the same vector, whatever stands beside it; nothing is fetched."""

from __future__ import annotations

import logging
import socket

import numpy as np
import pytest

from leadscore.connectors.language.local import DIMENSIONS, LONGEST_TEXT, LocalEmbedder


@pytest.fixture(scope="module")
def embedder():
    return LocalEmbedder()


def test_a_vector_does_not_depend_on_its_neighbours_to_the_last_bit(embedder):
    alone = embedder.embed(["Head of sales in a software company"])
    among = embedder.embed(["word " * 300, "Head of sales in a software company", "", "x"])
    assert (alone[0] == among[1]).all()


def test_vectors_have_length_one_and_a_text_without_words_none(embedder):
    vectors = embedder.embed(["software", ""])
    assert vectors.shape == (2, DIMENSIONS)
    assert np.linalg.norm(vectors, axis=1).round(5).tolist() == [1.0, 0.0]


def test_no_texts_give_no_vectors(embedder):
    assert embedder.embed([]).shape == (0, DIMENSIONS)


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["ab"], ["a", "b"], ["a\0b"]])
def test_what_was_asked_before_is_not_mistaken_for_something_else(embedder, texts):
    for _ in range(2):
        assert (embedder.embed(texts) == LocalEmbedder().embed(texts)).all()
        assert len(embedder.embed(texts)) == len(texts)


def test_what_is_alike_is_close(embedder):
    bank, loan, tree = embedder.embed(["bank", "loan credit", "forest trees"])
    assert bank @ loan > bank @ tree


def test_a_long_text_is_cut(embedder):
    text = "sales " * 1_000
    assert (embedder.embed([text]) == embedder.embed([text[:LONGEST_TEXT] + "steel " * 900])).all()


@pytest.mark.parametrize("text", ["\x00", "\ud83d\ude00" * 50, "﷽", "\u202e evil", "漢字" * 500])
def test_odd_characters_are_no_trouble(embedder, text):
    text = text.encode("utf-8", "ignore").decode()
    assert np.isfinite(embedder.embed([text])).all()


def test_loading_fetches_nothing_and_leaves_logging_alone(monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError("no network is needed")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    before = (logging.getLogger().level, list(logging.getLogger().handlers))
    LocalEmbedder().embed(["x"])
    assert (logging.getLogger().level, logging.getLogger().handlers) == before
