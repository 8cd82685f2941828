"""Words for a version become that version, or a refusal that says what is missing."""

import pytest

from leadscore.errors import InvalidRequest, NotFound, TamperedData
from leadscore.steps.models import NO_MODEL, crown, find_version, load_model
from leadscore.store.database import read, write
from tests.services.conftest import NOW


@pytest.mark.parametrize("words", ["1", "v1", " V1 ", "champion", "Champion"])
def test_words_for_the_first_version(seen, words):
    with read(seen.engine) as session:
        assert find_version(session, 1, words).id == 1


@pytest.mark.parametrize("client_id", [1, 2])
def test_none_means_rules_alone(seen, client_id):
    with read(seen.engine) as session:
        assert find_version(session, client_id, NO_MODEL) is None
    assert load_model(seen, None).model is load_model(seen, None).version is None


@pytest.mark.parametrize("words", ["previous", "challenger"])
def test_nothing_stands_in_for_a_previous_version_or_a_challenger(seen, words):
    with read(seen.engine) as session, pytest.raises(NotFound, match=words):
        find_version(session, 1, words)


def test_a_client_without_a_champion_has_none(seen):
    with read(seen.engine) as session:
        assert find_version(session, 2, "champion") is None


@pytest.mark.parametrize(("words", "error"), [("2", NotFound), ("", InvalidRequest), ("best", InvalidRequest),
                                              ("-1", InvalidRequest), ("1.0", InvalidRequest),
                                              ("9" * 13, InvalidRequest), ("../1", InvalidRequest)])
def test_other_words_are_refused(seen, words, error):
    with read(seen.engine) as session, pytest.raises(error):
        find_version(session, 1, words)


def test_a_version_of_one_client_is_unknown_to_another(seen):
    with read(seen.engine) as session, pytest.raises(NotFound):
        find_version(session, 2, "1")


def test_a_changed_model_is_not_loaded(trained):
    with read(trained.engine) as session:
        row = find_version(session, 1, "1")
    assert load_model(trained, row).version == 1
    trained.loaded.clear()
    largest = max((trained.settings.models_folder / row.folder).iterdir(), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes() + b" ")
    with pytest.raises(TamperedData):
        load_model(trained, row)
    assert not trained.loaded


def test_crowning_says_who_served_before_and_is_undone_with_its_transaction(trained):
    with write(trained.engine) as session:
        assert crown(session, trained, client_id=1, version=1, actor_name="me", now=NOW) == 1
    with pytest.raises(RuntimeError), write(trained.engine) as session:
        crown(session, trained, client_id=1, version=1, actor_name="me", now=NOW)
        raise RuntimeError
    with read(trained.engine) as session:
        assert find_version(session, 1, "champion").id == 1
