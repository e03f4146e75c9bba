"""The command in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def environment(**more: str) -> dict[str, str]:
    """Ours, with the packages of this checkout, and byte code that is kept."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in ("placement", "operator", ".")), **more}


def bayplan(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run it; `more` goes to its environment."""
    command = [sys.executable, "-m", "bayplan_operator", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment(**more), capture_output=True, text=True, check=False)


def processor_seconds(*arguments: str) -> float:
    """Of the quicker of several runs, user and system: what else the machine does counts as little as can be."""
    took = []
    for _ in range(4):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert bayplan(*arguments).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(took)


def imported_by(*arguments: str) -> set[str]:
    """The packages that a run imports."""
    script = (
        "import json, sys\n"
        "from bayplan_operator.cli import main\n"
        f"sys.stdout = open({os.devnull!r}, 'w')\n"
        f"main({list(arguments)!r})\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.__stdout__)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    )
    return set(json.loads(answer.stdout))
