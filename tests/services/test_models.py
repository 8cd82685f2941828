"""Versions of models are listed, deployed and checked; a changed file is named, another client's is unknown."""

import pytest

from leadscore.errors import InvalidRequest, NotFound, TamperedData
from leadscore.services import governance, models, scoring, training
from leadscore.steps.models import CHAMPION, load_model
from leadscore.store import models as model_rows
from leadscore.store.database import read
from tests.services.conftest import CLIENT, QUICK, leads_file

pytestmark = pytest.mark.usefixtures("read_here")


def _files(workbench):
    return sorted(path for path in workbench.settings.models_folder.rglob("*") if path.is_file())


def test_deploying_and_going_back(trained, admin):
    training.train_stored(trained, admin, client=CLIENT, request=QUICK)
    assert models.deploy_model(trained, admin, client=CLIENT, version="2") == {"champion": 2, "before": 1}
    assert models.show_model(trained, admin, client=CLIENT, version=CHAMPION).version == 2
    assert models.deploy_model(trained, admin, client=CLIENT, version="v1") == {"champion": 1, "before": 2}
    assert [model.alias for model in models.list_models(trained, admin, client=CLIENT)].count(CHAMPION) == 1
    assert governance.audit_events(trained, admin, action="model_deployed").total == 3


def test_untouched_files_pass(seen, admin):
    assert models.verify_model(seen, admin, client=CLIENT, version="1")["ok"]


@pytest.mark.parametrize("place", [0, 1, 2, -1])
def test_a_changed_file_is_named_and_neither_serves_nor_is_deployed(trained, admin, place):
    scoring.score_file(trained, admin, client=CLIENT, source=leads_file(2), filename="a.csv")
    path = _files(trained)[place]
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(TamperedData) as found:
        models.verify_model(trained, admin, client=CLIENT, version="1")
    assert path.name in str(found.value) or path.name.startswith("manifest")
    # although the model is in memory already
    with pytest.raises(TamperedData):
        models.deploy_model(trained, admin, client=CLIENT, version="1")
    trained.loaded.clear()
    with pytest.raises(TamperedData):
        scoring.score_file(trained, admin, client=CLIENT, source=leads_file(2), filename="a.csv")


@pytest.mark.parametrize("change", ["removed", "added"])
def test_a_missing_or_an_added_file_is_found(trained, admin, change):
    path = _files(trained)[0]
    if change == "removed":
        path.unlink()
    else:
        path.with_name("more.json").write_bytes(b"{}")
    with pytest.raises(TamperedData):
        models.verify_model(trained, admin, client=CLIENT, version="1")


@pytest.mark.parametrize("function", [models.show_model, models.verify_model, models.deploy_model])
def test_a_model_of_one_client_is_unknown_to_another(trained_once, admin, function):
    function(trained_once, admin, client=CLIENT, version="1")
    for client in ("globex", "nobody yet"):
        with pytest.raises(NotFound):
            function(trained_once, admin, client=client, version="1")
    with pytest.raises(NotFound):
        scoring.score_file(trained_once, admin, client="globex", source=leads_file(2), filename="a.csv", model="1")
    assert scoring.score_file(trained_once, admin, client="globex", source=leads_file(2),
                              filename="a.csv").model_version is None


@pytest.mark.parametrize(("version", "error"), [("2", NotFound), ("newest", InvalidRequest), ("", InvalidRequest),
                                                ("none", NotFound), ("1e3", InvalidRequest),
                                                ("9" * 30, InvalidRequest)])
def test_versions_that_are_none_are_refused(seen, admin, version, error):
    with pytest.raises(error):
        models.show_model(seen, admin, client=CLIENT, version=version)


def test_an_empty_registry_lists_nothing(workbench, admin):
    assert models.list_models(workbench, admin, client=CLIENT) == []


def test_the_short_answer_has_no_report_and_the_whole_one_has(seen, admin):
    view = models.show_model(seen, admin, client=CLIENT, version="1")
    assert "report" not in view.as_dict()
    assert view.as_dict(whole=True)["report"]["target"] == "stored outcomes"


def test_only_so_many_models_stay_in_memory(trained, monkeypatch):
    with read(trained.engine) as session:
        version = model_rows.find(session, 1, 1)
    trained.loaded.update({f"other {number}": None for number in range(20)})
    chosen = load_model(trained, version)
    assert chosen.version == 1
    assert len(trained.loaded) <= 8
    assert load_model(trained, version).model is chosen.model
