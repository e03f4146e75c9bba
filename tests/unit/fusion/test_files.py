"""Files of models: all formats in and out, and what is cut off, damaged or crafted."""

from __future__ import annotations

import io
import json
import pickle
import struct
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bayplan.collaboration.fusion import FusionError, planned
from bayplan.collaboration.fusion.memory import ModelFacts, fuse
from bayplan_operator.fusing.ensembles import whole
from bayplan_operator.fusing.files import OpenFiles, written
from bayplan_operator.fusing.formats.reading import BLOCK
from bayplan_operator.fusing.running import FusionJob, run_fusion

from .models import drawn, same_bits


def saved(folder: Path, models: list[dict[str, Any]], suffix: str) -> list[Path]:
    paths = [folder / f"{position}{suffix}" for position in range(len(models))]
    for path, model in zip(paths, models, strict=True):
        if suffix == ".npz":
            np.savez(path, **model)
        elif suffix == ".json":
            path.write_text(json.dumps({name: each.tolist() for name, each in model.items()}))
        else:
            path.write_bytes(safetensors({name: (each, None) for name, each in model.items()}))
    return paths


CODES = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "bool": "BOOL"}


def safetensors(tensors: dict[str, tuple[np.ndarray, str | None]], **changed: Any) -> bytes:
    """A file as the format's description has it, written without our own writer."""
    header: dict[str, Any] = {"__metadata__": {"format": "np"}}
    data = b""
    for name, (array, code) in tensors.items():
        raw = array.tobytes()
        header[name] = {
            "dtype": code or CODES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    for name, value in changed.items():
        header[name] = value
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def read(path: Path) -> dict[str, np.ndarray]:
    with OpenFiles() as files:
        source = files.source(path)
        return {name: whole(source, name) for name in source.layouts}


def refused(path: Path) -> str:
    with pytest.raises(FusionError) as error:
        read(path)
    return str(error.value).replace(f"{path.parent}/", "")


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".json"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_files_give_the_bits_that_memory_gives(suffix: str, dtype: str, tmp_path: Path) -> None:
    models = drawn(1, 4, dtype)
    if suffix == ".json":
        models = [{name: each.astype(float) for name, each in model.items() if name != "empty"} for model in models]
    paths = saved(tmp_path, models, suffix)
    wanted = fuse(planned("FedAvgM"), models, ModelFacts(weights=[1, 2, 3, 4], reference=models[0]))
    out, state = tmp_path / f"out{suffix}", tmp_path / "state.npz"
    plan = planned("FedAvgM")
    run_fusion(FusionJob(plan=plan, inputs=paths, out=out, weights=[1, 2, 3, 4], reference=paths[0], state_out=state))
    assert same_bits(read(out), wanted.model)
    assert same_bits(read(state), wanted.state)
    if suffix == ".npz":
        assert same_bits(dict(np.load(out)), wanted.model), "numpy reads it too"
    assert sorted(each.name for each in tmp_path.iterdir() if "partial" in each.name) == []


def test_long_tensors_are_read_in_blocks(tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    models = [{"a": generator.normal(size=2 * BLOCK + 5), "b": generator.normal(size=3), "c": generator.normal(size=BLOCK)}]
    models.append({name: each + 1 for name, each in models[0].items()})
    wanted = fuse(planned("Mean"), models).model
    plain = saved(tmp_path, models, ".npz")
    packed = [tmp_path / "p0.npz", tmp_path / "p1.npz"]
    for path, model in zip(packed, models, strict=True):
        np.savez_compressed(path, **model)
    for paths in (plain, packed, saved(tmp_path, models, ".safetensors"), [plain[0], packed[1]]):
        run_fusion(FusionJob(plan=planned("Mean"), inputs=paths, out=tmp_path / "out.npz"))
        assert same_bits(read(tmp_path / "out.npz"), wanted)


def test_byte_orders_and_columns_first(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(40, 30))
    np.savez(tmp_path / "a.npz", w=np.asfortranarray(values))
    np.savez(tmp_path / "b.npz", w=values.astype(">f8"))
    np.savez(tmp_path / "c.npz", w=values)
    np.save(tmp_path / "d.npy", values.T)
    assert all((read(tmp_path / f"{name}.npz")["w"] == values).all() for name in "abc")
    assert (read(tmp_path / "d.npy")["array"] == values.T).all()


def test_bfloat16_goes_in_and_out(tmp_path: Path) -> None:
    # 1, -2.5, 2^-130 (subnormal), 3.0078125 by their upper 16 bits
    values = np.array([1.0, -2.5, 2.0**-130, 3.0078125], np.float32)
    bits = (values.view(np.uint32) >> 16).astype("<u2")
    for name in ("a", "b"):
        (tmp_path / f"{name}.safetensors").write_bytes(safetensors({"w": (bits, "BF16")}))
    run_fusion(
        FusionJob(
            plan=planned("FedAvg"),
            inputs=[tmp_path / "a.safetensors", tmp_path / "b.safetensors"],
            out=tmp_path / "o.safetensors",
        )
    )
    raw = (tmp_path / "o.safetensors").read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + length])
    assert header["w"]["dtype"] == "BF16"
    assert header["__metadata__"] == {"format": "np"}
    assert raw[8 + length :] == bits.tobytes()
    with pytest.raises(FusionError, match="w is bfloat16, which this format cannot hold"):
        run_fusion(FusionJob(plan=planned("FedAvg"), inputs=[tmp_path / "a.safetensors"], out=tmp_path / "o.npz"))
    assert not (tmp_path / "o.npz").exists()


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([".npz", ".npy", ".safetensors", ".json", "packed.npz"]), st.floats(0, 1, exclude_max=True))
def test_no_file_that_is_cut_off_is_read(tmp_path: Path, suffix: str, share: float) -> None:
    model = {"w": np.arange(300.0).reshape(3, 100), "b": np.ones(5)}
    path = tmp_path / f"cut{suffix}"
    if suffix == ".npy":
        np.save(path, model["w"])
    elif suffix == "packed.npz":
        np.savez_compressed(path, **model)
    else:
        path = saved(tmp_path, [model], suffix)[0]
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(FusionError) as error:
        read(path)
    assert str(error.value).startswith(str(path))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([".npz", ".safetensors", "packed.npz"]), st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path: Path, suffix: str, place: int, flip: int) -> None:
    model = {"w": np.arange(30.0).reshape(3, 10), "b": np.ones(5)}
    path = tmp_path / f"cut{suffix}"
    if suffix == "packed.npz":
        np.savez_compressed(path, **model)
    else:
        path = saved(tmp_path, [model], suffix)[0]
    raw = bytearray(path.read_bytes())
    raw[place % len(raw)] ^= flip
    path.write_bytes(raw)
    with suppress(FusionError):
        read(path)


def test_pickles_are_not_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert refused(tmp_path / "a.npy") == "a.npy: it holds Python objects, which are not loaded: save arrays of numbers"
    np.savez(tmp_path / "b.npz", w=np.array([None], dtype=object))
    assert "w.npy: it holds Python objects" in refused(tmp_path / "b.npz")
    (tmp_path / "c.npy").write_bytes(pickle.dumps([1, 2, 3]))
    assert refused(tmp_path / "c.npy") == "c.npy: this is no .npy array, or its header is truncated"


def test_archives_that_hold_something_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert refused(tmp_path / "a.npz") == "a.npz: readme.txt: this member is no array: its name must end with .npy"
    (tmp_path / "b.npz").write_bytes(b"no archive")
    assert refused(tmp_path / "b.npz") == "b.npz: this is no .npz file, or it is truncated"
    array = io.BytesIO()
    np.save(array, np.ones(3))
    with zipfile.ZipFile(tmp_path / "c.npz", "w") as archive:
        archive.writestr("w.npy", array.getvalue())
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("w.npy", array.getvalue())
    assert refused(tmp_path / "c.npz") == "c.npz: w is there twice: names must differ"
    np.savez(tmp_path / "d.npz", w=np.array(["a"]), v=np.array([1 + 2j]))
    assert refused(tmp_path / "d.npz") == "d.npz: w.npy: it holds <U1: it must hold numbers of at most 64 bits"
    np.savez_compressed(tmp_path / "e.npz", w=np.asfortranarray(np.ones((3, 4))))
    assert "its columns come first: save it with numpy.ascontiguousarray" in refused(tmp_path / "e.npz")


ONE = np.arange(4.0)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"\x01", "it has 1 bytes, fewer than the length of a header: the file is truncated"),
        (struct.pack("<Q", 1 << 40) + b"{}", "its header is said to have 1099511627776 bytes: this is no .safetensors file"),
        (struct.pack("<Q", 100) + b"{}", "its header ends after 2 of 100 bytes: the file is truncated"),
        (struct.pack("<Q", 2) + b"[]", "its header is no JSON object: this is no .safetensors file"),
        (struct.pack("<Q", 2) + b"{x", "its header is no JSON: this is no .safetensors file"),
        (
            safetensors({"w": (ONE, "F8_E5M2")}),
            "w: its dtype is 'F8_E5M2': it must be one of F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL",
        ),
        (
            safetensors({"w": (ONE, None)}, w={"dtype": "F64", "shape": [5], "data_offsets": [0, 32]}),
            "w: its data have 32 bytes, and its shape and dtype need 40",
        ),
        (
            safetensors({"w": (ONE, None)}, w={"dtype": "F64", "shape": [-4], "data_offsets": [0, 32]}),
            "w: its shape is [-4]: it must be a list of whole numbers of at least 0",
        ),
        (
            safetensors({"w": (ONE, None)}, w={"dtype": "F64", "shape": [4], "data_offsets": [32, 0]}),
            "w: its data_offsets are [32, 0]: they must be a beginning and an end",
        ),
        (
            safetensors({"w": (ONE, None)}, w={"dtype": "F64", "shape": [4]}),
            "w: its entry must have dtype, shape and data_offsets, and nothing else",
        ),
        (
            safetensors({"w": (ONE, None), "v": (ONE, None)}, v={"dtype": "F64", "shape": [4], "data_offsets": [8, 40]}),
            "v: its data overlap with those of another tensor: tensors must follow each other",
        ),
        (
            safetensors({"w": (ONE, None), "v": (ONE, None)}, w={"dtype": "F64", "shape": [3], "data_offsets": [0, 24]}),
            "v: its data leave a gap before them: tensors must follow each other",
        ),
        (safetensors({"w": (ONE, None)}) + b"more", "4 bytes follow the last tensor: the file must end with it"),
        (safetensors({"w": (ONE, None)}, __metadata__={"a": 1}), "__metadata__ must map text to text"),
        (
            struct.pack("<Q", 17) + b'{"w": 1, "w": 2} ',
            "w is there twice: names must differ",
        ),
    ],
)
def test_safetensors_that_break_their_rules(raw: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(raw)
    assert refused(tmp_path / "a.safetensors") == f"a.safetensors: {sentence}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"w": [1, 2', "this is not JSON, or it is truncated"),
        ('{"w": [[1, 2], [3]]}', "w: its lists must have equal lengths on every level"),
        ('{"w": ["a"]}', "w: it must be a number or nested lists of numbers"),
        ('{"w": null}', "w: it must be a number or nested lists of numbers"),
        ("[" * 100_000, "this is not JSON, or it is truncated"),
    ],
)
def test_json_that_is_no_model(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    assert f"a.json: {sentence}" in refused(tmp_path / "a.json")


def test_names_of_files(tmp_path: Path) -> None:
    assert refused(tmp_path / "a.pt") == (
        "a.pt: the end of its name says no format: it must be one of .npy, .npz, .safetensors, .json"
    )
    assert refused(tmp_path / "a.npz") == "a.npz: it cannot be read: No such file or directory"


def test_half_a_file_is_never_seen(tmp_path: Path) -> None:
    out = tmp_path / "model.npz"
    out.write_bytes(b"the model of before")
    models = [*drawn(1, 2), {name: each * np.nan for name, each in drawn(1, 1)[0].items()}]
    with pytest.raises(FusionError, match="is NaN"):
        run_fusion(FusionJob(plan=planned("Mean"), inputs=saved(tmp_path, models, ".npz"), out=out))
    assert out.read_bytes() == b"the model of before"
    assert [each.name for each in tmp_path.iterdir() if "partial" in each.name] == []
    with (
        pytest.raises(FusionError, match="it cannot be written: No such file or directory"),
        written(tmp_path / "no" / "a.npz"),
    ):
        pass


def test_equal_models_make_equal_files(tmp_path: Path) -> None:
    paths = saved(tmp_path, drawn(1, 3), ".npz")
    for name, order in (("one", paths), ("two", paths[::-1])):
        run_fusion(FusionJob(plan=planned("Mean"), inputs=order, out=tmp_path / f"{name}.npz"))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_a_disk_that_is_full_is_told(tmp_path: Path) -> None:
    """A limit on the size of files stands for it; the signal that comes with it is ignored."""
    path = saved(tmp_path, [{"w": np.zeros(3 * BLOCK)}], ".npz")[0]
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "from bayplan_operator.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    out = tmp_path / "o.npz"
    command = [sys.executable, "-c", script, "fuse", "--method", "Mean", "--out", str(out), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (2, f"bayplan: {out}: it cannot be written: File too large\n")
    assert sorted(each.name for each in tmp_path.iterdir()) == [path.name]
