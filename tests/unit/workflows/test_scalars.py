"""Plain scalars are read as kubectl reads them: the table is what sigs.k8s.io/yaml 1.6.0 makes of `v: SCALAR`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.workflows.reading import told, values, written

KUBECTL: dict[str, Any] = {
    "true": True, "TRUE": True, "yes": True, "y": True, "Y": True, "on": True, "ON": True,
    "false": False, "no": False, "n": False, "N": False, "Off": False, "tRue": "tRue", "oFF": "oFF",
    "1": 1, "+1": 1, "-1": -1, "1.5": 1.5, "1.0": 1, "1.50": 1.5, ".5": 0.5, "5.": 5, "-.5": -0.5,
    "1e3": 1000, "1e+3": 1000, "1E3": 1000, "1234e5": 123_400_000, "1e9": 1_000_000_000, "1e400": "1e400",
    "0777": 511, "0o17": 15, "0x1F": 31, "-0x1F": -31, "+0x1": 1, "0b101": 5, "0o8": "0o8", "0b2": "0b2", "08": 8, "09.5": 9.5,
    "1_000": 1000, "0x_1": 1, "1__0": 10, "1_": 1, "1._5": 1.5, "0_7": 7, "0777_": 511, "_1": "_1",
    "12:30": "12:30", "12:30:45": "12:30:45", "2026-01-01": "2026-01-01", "2026-01-01T00:00:00Z": "2026-01-01T00:00:00Z",
    "null": None, "Null": None, "NULL": None, "~": None, "=": "=", "<<": "<<", "12345678901234567890": 12345678901234567890,
    '"1"': "1", "'yes'": "yes", "": None,
}  # fmt: skip


@pytest.mark.parametrize("scalar", KUBECTL)
def test_a_scalar(scalar: str, tmp_path: Path) -> None:
    (value,) = values(written(tmp_path, "a.yaml", f"kind: X\nv: {scalar}\n"))
    right = KUBECTL[scalar]
    assert (value["v"], type(value["v"])) == (right, type(right))


@pytest.mark.parametrize(("key", "right"), [("1", "1"), ("1.5", "1.5"), ("a", "a"), ('"on"', "on"), ("12:30", "12:30")])
def test_a_key_is_text(key: str, right: str, tmp_path: Path) -> None:
    assert values(written(tmp_path, "a.yaml", f"kind: X\n{key}: 1\n")) == [{"kind": "X", right: 1}]


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("on", "true or false"),
        ("y", "true or false"),
        ("0x10", "a number"),
        ("1e3", "a number"),
        ("1.0", "a number"),
        ("~", "null"),
    ],
)
def test_a_key_that_would_become_another_is_refused(key: str, kind: str, tmp_path: Path) -> None:
    """kubectl writes `on: x` as `"true": "x"`, and `0x10: x` as `"16": "x"`."""
    said = told(written(tmp_path, "a.yaml", f"kind: X\nmap:\n  {key}: 1\n"))
    assert said == [(3, f"map.{key}", f'the key {key} in map is read as {kind}: put it in quotes: "{key}"')]
