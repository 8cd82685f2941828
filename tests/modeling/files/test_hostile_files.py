"""Files made to do harm are refused as models, and nothing in them runs."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from leadscore.errors import LeadScoreError, TamperedData
from leadscore.modeling.files.artefact import MODEL_FILE, TREES_FILE, from_files, to_files
from leadscore.store.registry import Registry
from tests.modeling.samples import train_small


class _Canary:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self._path = str(path)

    def __reduce__(self):
        return open, (self._path, "w")


@pytest.fixture(scope="module")
def honest():
    return to_files(train_small("xgboost"))


def _zip(entries):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return sink.getvalue()


def _npy(canary):
    sink = io.BytesIO()
    np.save(sink, np.array([canary], dtype=object), allow_pickle=True)
    return sink.getvalue()


def _with(files, **changes):
    return files | {MODEL_FILE: json.dumps(json.loads(files[MODEL_FILE]) | changes).encode()}


ATTACKS = {
    "a pickle as the model": lambda files, canary: {MODEL_FILE: pickle.dumps(canary)},
    "a pickle of each protocol": lambda files, canary: {MODEL_FILE: pickle.dumps(canary, protocol=0)},
    "a pickle as the trees": lambda files, canary: files | {TREES_FILE: pickle.dumps(canary)},
    "a pickle beside the model": lambda files, canary: files | {"extra.pkl": pickle.dumps(canary)},
    "objects in an array": lambda files, canary: files | {TREES_FILE: _npy(canary)},
    "objects in an array beside": lambda files, canary: files | {"weights.npy": _npy(canary)},
    "an archive": lambda files, canary: {MODEL_FILE: _zip({"schema.json": "{}", "data.pkl": pickle.dumps(canary)})},
    "an archive that leaves its folder": lambda files, canary: {MODEL_FILE: _zip({"../../evil": b"x"})},
    "an archive that grows": lambda files, canary: {MODEL_FILE: _zip({"zeros": bytes(5_000_000)})},
    "a name that leaves the folder": lambda files, canary: files | {"../evil": b"x"},
    "another format": lambda files, canary: _with(files, format="skops"),
    "a type to import": lambda files, canary: _with(files, algorithm="os.system"),
    "a form to import": lambda files, canary: _with(files, encoder={"plans": [["a", "builtins.eval", ["1"]]]}),
    "a state of another algorithm": lambda files, canary: _with(files, algorithm="logistic"),
    "columns of another model": lambda files, canary: _with(files, encoder={"plans": [["a", "number", []]] * 3}),
    "a list for an object": lambda files, canary: {MODEL_FILE: b"[1, 2]"},
    "depth": lambda files, canary: {MODEL_FILE: b'{"a":' * 200_000},
    "nothing": lambda files, canary: {MODEL_FILE: b""},
    "not text": lambda files, canary: {MODEL_FILE: b"\xff\xfe\x00\x80" * 50},
    "no trees": lambda files, canary: {MODEL_FILE: files[MODEL_FILE]},
    "empty trees": lambda files, canary: files | {TREES_FILE: b""},
    "trees cut off": lambda files, canary: files | {TREES_FILE: files[TREES_FILE][: len(files[TREES_FILE]) // 2]},
    "trees of text": lambda files, canary: files | {TREES_FILE: b"tree\nversion=v4\nnum_class=999999999999\n"},
    "trees in JSON": lambda files, canary: files | {TREES_FILE: b'{"learner": {"attributes": {}}}'},
    "kinds nobody knows": lambda files, canary: _with(files, kinds={"visits": "__import__"}),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_file_is_refused_and_nothing_runs(honest, tmp_path, attack):
    canary = tmp_path / "canary"
    with pytest.raises(TamperedData):
        from_files(ATTACKS[attack](honest, _Canary(canary)))
    assert not canary.exists()


@pytest.mark.parametrize("attack", ATTACKS)
def test_put_in_the_place_of_a_model_it_is_not_even_read(honest, tmp_path, attack, monkeypatch):
    registry, canary = Registry(tmp_path / "models", b"k" * 32), tmp_path / "canary"
    saved = registry.save(honest)
    for name, content in ATTACKS[attack](honest, _Canary(canary)).items():
        if "/" not in name:
            (registry.folder / saved.folder / name).write_bytes(content)
    if attack in ("no trees", "nothing"):
        (registry.folder / saved.folder / TREES_FILE).unlink()
    if attack == "a name that leaves the folder":
        (registry.folder / saved.folder / "evil").write_bytes(b"x")
    with pytest.raises(LeadScoreError):
        registry.load(saved.folder)
    assert not canary.exists()


def test_each_flipped_byte_is_refused_before_anything_is_parsed(honest, tmp_path):
    registry = Registry(tmp_path / "models", b"k" * 32)
    saved = registry.save(honest)
    rng = np.random.default_rng(0)
    for path in sorted((registry.folder / saved.folder).iterdir()):
        content = path.read_bytes()
        for place in rng.choice(len(content), min(len(content), 120), replace=False):
            spoilt = bytearray(content)
            spoilt[place] ^= 1 << int(rng.integers(8))
            path.write_bytes(spoilt)
            with pytest.raises(TamperedData) as refused:
                registry.load(saved.folder)
            assert refused.value.code == "tampered_model"
        path.write_bytes(content)
    assert registry.load(saved.folder) == honest
