"""What a text may say and no object can hold."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yaml.reader import Reader

from bayplan_operator.workflows.documents import documents
from tests.unit.workflows.reading import CASES, KubectlsDumper, told, values, written

NOT_IN_YAML = re.compile(f"{Reader.NON_PRINTABLE.pattern}|[\x85\u2028\u2029]")
KEYS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp"], exclude_characters=".[]\x85\ufeff"),
    min_size=1,
    max_size=8,
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["yes", "1e3", "0x1", "2026-01-01", "~", "<<", "=", "1_0"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
MAPS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


def test_a_key_that_is_given_twice_names_both_lines() -> None:
    (line, place, sentence) = told(CASES / "duplicate-keys/graph.yaml")[0]
    assert (line, place) == (12, "spec.tasks[2].dependsOn")
    assert sentence == "spec.tasks[2].dependsOn is given twice, the first time in line 10: keep one of the two"
    assert told(CASES / "duplicate-keys/nodes.yaml") == [
        (2, "nodes[0].cpu", "nodes[0].cpu is given twice, the first time in column 23 of the same line: keep one of the two")
    ]


@pytest.mark.parametrize("suffix", ["json", "yaml", "yml"])
@pytest.mark.parametrize("emoji", ["", '"emoji": "\\ud83d\\ude00",\n'])
def test_in_json(suffix: str, emoji: str, tmp_path: Path) -> None:
    text = f'{{"kind": "X",\n{emoji}"a": {{"b": 1,\n"c": 2,\n"b": 3}}}}'
    lines = 1 if emoji else 0
    assert told(written(tmp_path, f"a.{suffix}", text)) == [
        (4 + lines, "a.b", f"a.b is given twice, the first time in line {2 + lines}: keep one of the two")
    ]


def test_in_json_that_is_no_yaml(tmp_path: Path) -> None:
    """YAML knows no DEL, and no key of more than 1,024 characters."""
    assert told(written(tmp_path, "a.json", '{"a": "\x7f\u2028",\n"a": 1}'))[0][:2] == (2, "a")
    (said,) = told(written(tmp_path, "a.json", '{"%s": 1, "b": 1, "b": 2}' % ("x" * 2000)))
    assert said[2] == 'the key "b" is given twice in one object'


def test_merge_keys_and_aliases_are_no_duplicates(tmp_path: Path) -> None:
    text = "kind: X\na: &a {x: 1, y: 2}\nb: &b {<<: *a, x: 3}\nc: {<<: [*b, *a], y: 4}\nd: [*a, *a]\n"
    (value,) = values(written(tmp_path, "a.yaml", text.replace("y:", "z:")))
    assert value["c"] == {"x": 3, "z": 4}
    assert value["d"] == [{"x": 1, "z": 2}] * 2


def test_all_are_told_and_the_same_key_thrice_twice(tmp_path: Path) -> None:
    said = told(written(tmp_path, "a.yaml", "kind: X\na: 1\nb: {c: 1, c: 2}\na: 2\na: 3\n---\nkind: Y\nkind: Z\n"))
    assert [(line, place) for line, place, _ in said] == [(3, "b.c"), (4, "a"), (5, "a"), (8, "kind")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("kind: X\na: &a\n  b: *a\n", "a.b is an alias of what it stands in"),
        ("kind: X\n? [a]\n: 1\n", "a key in the document is a list or a map: it must be text"),
        ("kind: X\nreplicas: {{ .Values.replicas }}\n", "what looks like a template of Helm has to go through helm template"),
    ],
)
def test_what_no_object_can_be_made_of(text: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in told(written(tmp_path, "a.yaml", text))[0][2]


def test_aliases_that_multiply_are_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (said,) = told(written(tmp_path, "a.yaml", "kind: X\n" + "\n".join(lines)))
    assert "with its aliases the document has more than 5,000,000 values" in said[2]


def test_nested_too_deep_is_a_sentence(tmp_path: Path) -> None:
    for name in ("a.yaml", "a.json"):
        assert "nested too deep" in told(written(tmp_path, name, "[" * 5000 + "]" * 5000))[0][2]


def pairs(value: Any) -> Any:
    """Maps as lists of pairs, in a wrapper, so that a key can be there twice."""
    if isinstance(value, dict):
        return Pairs([(key, pairs(item)) for key, item in value.items()])
    return [pairs(item) for item in value] if isinstance(value, list) else value


class Pairs(list[tuple[str, Any]]):
    """A map that is written in a line per key."""


def text_of(value: Any) -> str:
    if isinstance(value, Pairs):
        return "{\n" + ",\n".join(f"{json.dumps(key, ensure_ascii=False)}: {text_of(item)}" for key, item in value) + "\n}"
    if isinstance(value, list):
        return f"[{', '.join(map(text_of, value))}]"
    return json.dumps(value, ensure_ascii=False)


def maps_in(value: Any, place: str) -> list[tuple[str, Pairs]]:
    found: list[tuple[str, Pairs]] = [(place, value)] if isinstance(value, Pairs) and value else []
    items = value if isinstance(value, Pairs) else [(None, item) for item in value] if isinstance(value, list) else []
    for number, (key, item) in enumerate(items):
        below = f"{place}[{number}]" if key is None else f"{place}.{key}" if place else key
        found += maps_in(item, below)
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(MAPS, st.data())
def test_a_duplicate_key_put_anywhere_is_found(tmp_path: Path, value: dict[str, Any], data: st.DataObject) -> None:
    whole = pairs({"kind": "X", "value": value})
    place, chosen = data.draw(st.sampled_from(maps_in(whole, "")))
    key = data.draw(st.sampled_from([key for key, _ in chosen]))
    chosen.insert(data.draw(st.integers(0, len(chosen))), (key, 1))
    text = text_of(whole)
    # YAML: an object that is written as in JSON, but is none.
    texts = {"a.json": text} if NOT_IN_YAML.search(text) else {"a.json": text, "a.yaml": text.replace("{\n", "{\n#\n", 1)}
    for name, text in texts.items():
        ((line, found, sentence),) = told(written(tmp_path, name, text))
        assert found == (f"{place}.{key}" if place else key)
        first = int(sentence.partition("in line ")[2].partition(":")[0])
        lines = text.split("\n")
        begin = f"{json.dumps(key, ensure_ascii=False)}: "
        assert first < line
        assert lines[first - 1].startswith(begin)
        assert lines[line - 1].startswith(begin)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(MAPS)
def test_what_is_dumped_and_read_again_is_the_same(tmp_path: Path, value: dict[str, Any]) -> None:
    manifest = {"apiVersion": "v1", "kind": "X", "value": value}
    texts = {"a.json": json.dumps(manifest), "b.json": json.dumps(manifest, indent=1, ensure_ascii=False)}
    texts["c.yaml"] = yaml.dump(manifest, Dumper=KubectlsDumper)
    texts["d.yaml"] = "---\n" + yaml.dump(manifest, Dumper=KubectlsDumper, default_flow_style=True)
    for name, text in texts.items():
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
            path = written(tmp_path, name, text.encode(encoding, "surrogatepass"))
            assert [document.value for document in documents(path)] == [manifest], (name, encoding)
