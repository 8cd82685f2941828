"""What a view means, and how rows are named, masked and put together."""

import pandas as pd
import pytest

from leadscore.errors import InvalidRequest
from leadscore.schema import CustomField, Kind
from leadscore.steps.listing import MASK, ListView, empty_list, masked, person_names, scope_of
from leadscore.store.database import read


def _scope(workbench, **view):
    with read(workbench.engine) as session:
        return scope_of(session, workbench, 1, ListView(**view), by="me")


def test_people_are_called_by_their_full_name_or_its_parts():
    leads = pd.DataFrame({"full_name": ["Dr. Ada L.", None, None, None], "first_name": ["Ada", "Bo", None, None],
                          "last_name": ["L.", "Berg", "Cruz", None]}).astype("str")
    names = person_names(leads)
    assert names.iloc[:3].tolist() == ["Dr. Ada L.", "Bo Berg", "Cruz"]
    assert pd.isna(names.iloc[3])
    assert person_names(pd.DataFrame({"city": ["x"]})).isna().all()


def test_what_identifies_people_is_masked_and_gaps_stay_gaps():
    frame = pd.DataFrame({"name": ["Ada", None], "email": ["a@b.example", "c@d.example"], "phone": ["1", "2"],
                          "company": ["X", "Y"], "custom:Spouse": ["Eve", None], "custom:Colour": ["red", "blue"]})
    custom = [CustomField("Spouse", Kind.TEXT, personal=True), CustomField("Colour", Kind.CATEGORY)]
    hidden = masked(frame, custom)
    for name in ("name", "email", "phone", "custom:Spouse"):
        assert hidden[name].dropna().isin([MASK]).all(), name
        assert hidden[name].isna().tolist() == frame[name].isna().tolist()
    assert hidden["company"].tolist() == ["X", "Y"]
    assert hidden["custom:Colour"].tolist() == ["red", "blue"]
    assert frame["name"][0] == "Ada"


@pytest.mark.parametrize("columns", [("city",), ("custom:rank",), ("custom:Email", "email"), ("city", "city")])
def test_an_empty_list_has_the_columns_of_a_full_one_each_once(columns):
    frame = empty_list(ListView(columns=columns))
    assert frame.empty
    assert frame.columns.is_unique
    assert len(frame.columns) == 15 + len(set(columns))


@pytest.mark.parametrize(("top", "wanted"), [(None, 394), ("20%", 79), ("7", 7), ("9999", 394), ("capacity", 394)])
def test_how_many_leads_a_view_means(seen, top, wanted):
    assert _scope(seen, top=top).wanted == wanted


def test_special_leads_are_counted_among_the_best_only(seen):
    everyone, best = _scope(seen), _scope(seen, top="5")
    assert 0 <= best.unreachable <= 5 < everyone.unreachable
    assert best.exported == everyone.exported == 0


@pytest.mark.parametrize("view", [{"top": "some"}, {"fields": (("email", "is", "x@y.example"),)},
                                  {"fields": (("employees", "is", "many"),)}])
def test_views_that_make_no_sense_are_refused(seen, view):
    with pytest.raises(InvalidRequest):
        _scope(seen, **view)
