"""Encodings: what Windows writes is read, and what cannot be read comes with advice."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayplan_operator.workflows import read_graphs, read_nodes
from tests.unit.workflows.reading import CASES, GRAPH, NODE, told, values, written


@pytest.mark.parametrize("name", ["nodes-utf16le.yaml", "nodes-utf8bom.yaml", "nodes-utf8bom.json"])
def test_what_powershell_writes_is_read(name: str) -> None:
    (node,) = read_nodes(CASES / "utf16-and-bom" / name).nodes
    assert (node.name, node.allocatable["cpu"]) == ("sim-0", 32_000)
    assert len(read_graphs([CASES / "utf16-and-bom/graph.yaml"]).submissions) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_encoding_says_the_same(encoding: str, end: str, tmp_path: Path) -> None:
    graph = GRAPH.replace("\n", end).encode(encoding)
    (read,) = read_graphs([written(tmp_path, "g.yaml", graph)]).submissions
    (plain,) = read_graphs([written(tmp_path, "p.yaml", GRAPH)]).submissions
    assert (read.name, read.graph.tasks, read.classes) == (plain.name, plain.graph.tasks, plain.classes)
    assert read_nodes(written(tmp_path, "n.yaml", NODE.encode(encoding))).nodes[0].name == "n0"


def test_a_line_is_that_of_the_file_whatever_the_encoding(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        said = told(written(tmp_path, "g.yaml", "kind: X\r\na: 1\r\na: 2\r\n".encode(encoding)))
        assert said[0][0] == 3


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("é".encode("latin-1") + b": 1", "this is not text in UTF-8 (byte 0): save it as UTF-8"),
        (b"\x1f\x8b\x08\x00\x01", "this is not text in UTF-8 (byte 1): save it as UTF-8"),
        ("kind: X".encode("utf-32"), "this is UTF-32: save it as UTF-8"),
        ("kind: X".encode("utf-16") + b"\x00", "this is UTF-16, and broken at byte 16: save it as UTF-8"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(content: bytes, sentence: str, tmp_path: Path) -> None:
    assert told(written(tmp_path, "a.yaml", content)) == [(None, "", sentence)]


def test_a_mark_inside_of_a_text_stays(tmp_path: Path) -> None:
    assert values(written(tmp_path, "a.yaml", '\ufeffkind: "\ufeffX"\n')) == [{"kind": "\ufeffX"}]
