"""Which policy a scoring uses, and whose blend."""

import pytest

from leadscore.errors import InvalidRequest, NotFound
from leadscore.scoring.presets import default_policy
from leadscore.steps.policies import AUTHOR_OF_DEFAULT, policy_in_force, with_suggested_blend
from leadscore.store import clients
from leadscore.store import policies as policy_rows
from leadscore.store.database import write
from leadscore.store.tables import ModelVersion
from tests.services.conftest import NOW


@pytest.fixture
def session(workbench):
    with write(workbench.engine) as opened:
        yield opened


@pytest.fixture
def client_id(session):
    return clients.ensure(session, "acme", NOW)


def _save(session, client_id, **changes):
    body = default_policy().to_dict() | changes
    return policy_rows.save(session, client_id, body=body, comment="", created_by="me", now=NOW).version


def test_the_default_is_saved_once(session, client_id):
    first = policy_in_force(session, client_id, None, now=NOW)
    again = policy_in_force(session, client_id, "1", now=NOW)
    assert (first.version, first.created_by) == (1, AUTHOR_OF_DEFAULT)
    assert again == first
    assert len(policy_rows.list_all(session, client_id)) == 1
    assert first.policy.to_dict() == default_policy().to_dict()


def test_a_named_version_is_found_beside_the_active_one(session, client_id):
    old, new = _save(session, client_id, alpha=0.1), _save(session, client_id, alpha=0.9)
    assert policy_in_force(session, client_id, None, now=NOW).policy.alpha == 0.9
    assert policy_in_force(session, client_id, f" V{old} ", now=NOW).policy.alpha == 0.1
    assert policy_in_force(session, client_id, str(new), now=NOW).version == new


@pytest.mark.parametrize(("version", "error"), [("9", NotFound), ("0", NotFound), ("x", InvalidRequest),
                                                ("", InvalidRequest), ("1.5", InvalidRequest), ("-1", InvalidRequest),
                                                ("1" * 12, InvalidRequest), ("²", InvalidRequest)])
def test_other_versions_are_refused(session, client_id, version, error):
    with pytest.raises(error):
        policy_in_force(session, client_id, version, now=NOW)


@pytest.mark.parametrize(("suggested", "follows", "alpha"), [(0.3, True, 0.3), (0.0, True, 0.0), (0.3, False, 0.8),
                                                             (None, True, 0.8)])
def test_the_blend_follows_the_model_unless_a_person_chose_it(session, client_id, suggested, follows, alpha):
    _save(session, client_id, alpha=0.8, alpha_is_suggested=follows)
    in_force = policy_in_force(session, client_id, None, now=NOW)
    model = ModelVersion(report={"suggested_alpha": suggested})
    assert with_suggested_blend(in_force, model).policy.alpha == alpha
    assert with_suggested_blend(in_force, None) is in_force
