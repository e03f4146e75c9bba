"""`python -m tests.rerun` on small test files: what a second run can mend, and what it cannot."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.rerun.record import Record
from tests.rerun.summary import GIVEN_UP, why_not_again

ROOT = Path(__file__).parents[2]
FLAKY = """
from pathlib import Path

def once(name):
    mark = Path(__file__).with_name(name)
    if not mark.exists():
        mark.touch()
        raise ValueError(f"the first time of {name}")
"""


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "tests.rerun", "test_it.py", *(["--", *options] if options else [])]


def environment(*plugins: str) -> dict[str, str]:
    """Only the plugins that are named: each one costs time, and none of the others matters here."""
    added = " ".join(f"-p {plugin}" for plugin in plugins)
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": added}


def rerun(folder: Path, text: str, *options: str) -> tuple[int, str]:
    """The exit code and the output for a test file of this text."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(FLAKY + text)
    plugins = ["xdist.plugin"] if options else []
    done = subprocess.run(
        command(*options), cwd=folder, env=environment(*plugins), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def closing(output: str) -> list[str]:
    """The closing lines, without the time: those of pytest's runs and, last, that of both together."""
    return re.findall(r"^=+ (.*) in [\d.]+s =+$", output, re.MULTILINE)


def test_without_a_failure_there_is_one_run(tmp_path: Path) -> None:
    code, output = rerun(tmp_path, "def test_good(): pass")
    assert code == 0
    assert closing(output) == ["1 passed"]
    assert "second run" not in output


def test_what_passes_the_second_time_is_printed_last_with_its_first_failure(tmp_path: Path) -> None:
    text = """
import pytest
@pytest.fixture
def after():
    yield
    once("b")
@pytest.mark.parametrize("name", ["a@b::c d"])
def test_flaky(name): once(name)
def test_teardown(after): pass
def test_good(): pass
def test_skipped(): pytest.skip("not here")
"""
    code, output = rerun(tmp_path, text, "-n", "2", "--dist", "loadgroup")
    assert code == 0
    assert closing(output) == ["1 failed, 2 passed, 1 skipped, 1 error", "2 passed", "3 passed, 1 skipped"]
    last = output[output.index(" second run ===") :]
    assert "test_it.py::test_flaky[a@b::c d] passed the second time. Its first failure:" in last
    assert "    E           ValueError: the first time of a@b::c d" in last
    assert "test_it.py::test_teardown passed the second time. Its first failure:" in last
    assert last.splitlines()[-2] == "2 of 4 tests needed a second run; 2 of them passed it."


def test_more_than_two_fail_the_build_although_they_passed(tmp_path: Path) -> None:
    text = "import pytest\n@pytest.mark.parametrize('name', ['a', 'b', 'c'])\ndef test_flaky(name): once(name)"
    code, output = rerun(tmp_path, text)
    assert code == 1
    assert closing(output) == ["3 failed", "3 passed", "3 passed"]
    told = "3 of 3 tests needed a second run, and more than 2 fail the build; 3 of them passed it."
    assert output.splitlines()[-2] == told


def test_what_fails_twice_or_is_skipped_then_has_failed(tmp_path: Path) -> None:
    text = """
import pytest
def test_bad(): assert 1 == 2
def test_vanishing():
    once("a")
    pytest.skip("it is gone")
def test_good(): pass
"""
    code, output = rerun(tmp_path, text)
    assert code == 1
    assert closing(output) == ["2 failed, 1 passed", "1 failed, 1 skipped", "2 failed, 1 passed"]
    assert "test_it.py::test_bad failed again. Its first failure:\n" in output
    assert "test_it.py::test_vanishing was skipped the second time. Its first failure:\n" in output
    assert output.splitlines()[-2] == "2 of 3 tests needed a second run; 0 of them passed it."


def test_a_module_that_cannot_be_collected_gets_no_second_run(tmp_path: Path) -> None:
    code, output = rerun(tmp_path, "once('a')\ndef test_good(): pass")
    assert code not in (0, 5)
    assert output.splitlines()[-1] == "No second run: not collected: test_it.py."


def test_a_worker_that_crashes_gets_no_second_run(tmp_path: Path) -> None:
    text = """
import os
def test_crash():
    try:
        once("a")
    except ValueError:
        os._exit(7)
def test_good(): pass
"""
    code, output = rerun(tmp_path, text, "-n", "1")
    assert code == 1
    assert output.splitlines()[-1] == "No second run: a worker process crashed: test_it.py::test_crash."


def test_a_run_that_stops_early_gets_no_second_run(tmp_path: Path) -> None:
    code, output = rerun(tmp_path, "def test_flaky(): once('a')\ndef test_good(): pass", "--maxfail=1")
    assert code == 1
    assert output.splitlines()[-1] == "No second run: the run was stopped or broke: 1 of 2 tests ran (exit status 1)."


def test_pytest_itself_ending_is_no_success(tmp_path: Path) -> None:
    code, output = rerun(tmp_path, "import os\ndef test_bad(): os._exit(0)")
    assert code == 1
    assert output.splitlines()[-1] == "No second run: pytest ended before all tests did (exit status 0)."


def test_an_interrupted_run_gets_no_second_run(tmp_path: Path) -> None:
    """The terminal sends SIGINT to the whole group of processes."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    text = "def test_flaky(): once('a')\ndef test_long():\n    import time\n    Path('runs').touch()\n    time.sleep(60)"
    (tmp_path / "test_it.py").write_text(FLAKY + text)
    process = subprocess.Popen(
        command(),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
        # A shell lets what it runs in the background ignore SIGINT, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    end = time.monotonic() + 60
    while not (tmp_path / "runs").exists() and time.monotonic() < end:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert output.splitlines()[-1] == "No second run: the run was stopped or broke: 1 of 2 tests ran (exit status 2)."


def test_too_many_failures_get_no_second_run() -> None:
    names = [f"test_it.py::test_{number}" for number in range(GIVEN_UP + 1)]
    record = Record(len(names), dict.fromkeys(names, "failed"), dict.fromkeys(names, "E"))
    assert why_not_again(record, 1) == "11 tests failed, more than 10"
    last = names.pop()
    del record.outcomes[last], record.failures[last]
    assert why_not_again(Record(len(names), record.outcomes, record.failures), 1) is None
