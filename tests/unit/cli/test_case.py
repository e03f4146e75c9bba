"""`bayplan case` solves worked cases without a cluster."""

import pytest

from bayplan.cases import CASES
from bayplan_operator.cli import main


@pytest.mark.parametrize("name", list(CASES))
def test_a_case_by_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["case", name]) == 0
    about, report = CASES[name]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{name}: {about}"
    assert [line.strip() for line in lines[1:]] == [line.strip() for line in report().splitlines()]


def test_all_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["case"]) == 0
    said = capsys.readouterr().out
    assert all(f"{name}: " in said for name in CASES)


def test_a_case_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["case", "none"])
    assert ended.value.code == 2
    assert "invalid choice: 'none'" in capsys.readouterr().err
