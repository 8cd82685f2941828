"""Only whole UBJSON reaches the library that reads trees, which would not survive anything else."""

import pytest

from leadscore.modeling.files.artefact import TREES_FILE, to_files
from leadscore.modeling.files.ubj import check_ubj
from tests.modeling.samples import train_small


@pytest.fixture(scope="module")
def trees():
    return to_files(train_small("xgboost", rows=300))[TREES_FILE]


def test_trees_of_ours_pass(trees):
    check_ubj(trees)


def test_trees_cut_off_anywhere_or_continued_are_refused(trees):
    for end in range(0, len(trees), max(1, len(trees) // 200)):
        with pytest.raises(ValueError):
            check_ubj(trees[:end])
    with pytest.raises(ValueError):
        check_ubj(trees + b"Z")


@pytest.mark.parametrize("content", [
    b"", b"[]", b"Z", b"{", b"}", b"{U\x01a", b"{U\x01aS", b"{U\x01a?}",
    b"{U\x01a[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff]}",
    b"{U\x01a[$d#l\x7f\xff\xff\xff}", b"{U\x01a[$d}", b"{i\xff}", b"{L\xff\xff\xff\xff\xff\xff\xff\xff}",
    b"{d\x00\x00\x00\x00}",
    b"{U\x01a" + b"[" * 500 + b"]" * 500 + b"}", b"{U\x01aSL\x00\x00\x7f\x00\x00\x00\x00\x00}",
])
def test_what_is_no_whole_object_is_refused(content):
    with pytest.raises(ValueError):
        check_ubj(content)


@pytest.mark.parametrize("content", [b"{}", b"{U\x01aZU\x01bT}", b"{#U\x01U\x01aSU\x02hi",
                                     b"{U\x01a[$U#U\x03\x01\x02\x03}",
                                     b"{U\x01a[i\x01d\x00\x00\x00\x00]}"])
def test_small_objects_pass(content):
    check_ubj(content)
