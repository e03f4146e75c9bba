"""Shells complete commands and options."""

from __future__ import annotations

from tests.unit.cli.flags import commands
from tests.unit.cli.processes import bayplan


def completed(line: str) -> list[str]:
    """What bash is told that the last word of a line could be."""
    words = line.split(" ")
    answer = bayplan(_BAYPLAN_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1))
    assert (answer.returncode, answer.stderr) == (0, "")
    return answer.stdout.split()


def test_the_script_for_bash_is_printed() -> None:
    answer = bayplan(_BAYPLAN_COMPLETE="source_bash")
    assert answer.returncode == 0
    assert "_BAYPLAN_COMPLETE=complete_bash" in answer.stdout
    assert "complete -o default -F _bayplan_completion bayplan" in answer.stdout


def test_commands() -> None:
    assert completed("bayplan ") == list(commands())
    assert completed("bayplan sh") == ["show"]
    assert completed("bayplan re") == ["release", "report"]


def test_options_and_their_values() -> None:
    assert completed("bayplan plan --no") == ["--nodes"]
    assert completed("bayplan show -o js") == ["json"]
    assert completed("bayplan compare --learn ") == ["no", "yes", "both"]
