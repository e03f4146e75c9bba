"""The examples of the page about fusion are what really happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from bayplan.collaboration.fusion import METHODS
from bayplan_operator.cli import main

PAGE = (Path(__file__).parents[3] / "docs" / "fusion.md").read_text(encoding="utf-8")
CONSOLES = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def steps() -> list[tuple[list[str], str]]:
    """Each command of the page with what is printed below it, in their order."""
    found = []
    for block in CONSOLES:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            found.append((shlex.split(command), printed))
    return found


def test_every_command_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    taken = steps()
    assert len(taken) > 10
    for (program, *arguments), printed in taken:
        if program == "bayplan":
            main(arguments)
            said = capsys.readouterr()
            assert said.err + said.out == printed, arguments
        else:
            assert program == "cat"
            for name, line in zip(arguments, printed.splitlines(keepends=True), strict=True):
                if Path(name).exists():
                    assert Path(name).read_text() == line
                else:
                    Path(name).write_text(line)


def test_the_example_in_python_runs() -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    found: dict[str, object] = {}
    exec(block, found)
    assert np.allclose(found["second"].model["w"], [1.5, 3.0], atol=2e-3)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_and_parameter_has_a_row(name: str) -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    for each in (name, *METHODS[name].known):
        assert any(f"`{each}`" in row for row in rows), each
