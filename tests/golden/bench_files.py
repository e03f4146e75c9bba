"""Small files in the forms that the benchmarks read, drawn from a seed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.golden.lots import Lots

SPEEDS = (4.0, 2.5, 0.5)


@contextmanager
def folder() -> Iterator[Path]:
    """With everything in it."""
    with TemporaryDirectory() as name:
        for path, text in texts().items():
            (Path(name) / path).parent.mkdir(exist_ok=True)
            (Path(name) / path).write_text(text, encoding="utf-8")
        yield Path(name)


def texts() -> dict[str, str]:
    """Path to what stands there."""
    made = {"nodes.csv": _openb_nodes(), "pods.csv": _openb_pods(), "jobs.csv": _jobs(), "heft/edges.csv": "src,dst,comm\n"}
    for number, tasks in enumerate((9, 14)):
        made[f"stg50/g{number}.stg"] = _task_graph(tasks)
    made |= {f"stg50/optimal_{count}.csv": "".join(f"50/g{n}.stg,{count},1,999\n" for n in range(2)) for count in (2, 3)}
    for number, jobs in enumerate((8, 14)):
        made[f"psplib/p{number}.sm"] = _project(jobs)
    made["psplib/best_known.csv"] = "instance,best_makespan\np0.sm,1\np1.sm,1\n"
    made["heft/exec_time.csv"], made["heft/edges.csv"] = _unlike()
    made["wfinstances/w.json"] = json.dumps(_workflow())
    return made


def _openb_nodes() -> str:
    rows = ["sn,cpu_milli,memory_mib,gpu,model"]
    kinds = (("32000,131072,2", "T4"), ("64000,262144,4", "A100"), ("16000,65536,1", "T4"), ("32000,65536,0", ""))
    rows += [f"node-{number},{','.join(kinds[number % 4])}" for number in range(6)]
    return "\n".join(rows) + "\n"


def _openb_pods() -> str:
    lots, rows = Lots("pods"), ["name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec"]
    for number in range(24):
        count = lots.among((0, 1, 1, 1, 1, 2))
        part = lots.among((250, 470, 500, 810, 1000)) if count == 1 else 1000 * bool(count)
        models = lots.among(("", "", "", "T4", "T4|A100")) if count else ""
        cpu, memory = lots.among((2000, 4000, 8000, 12000)), lots.among((4096, 16384, 30517))
        rows.append(f"pod-{number:02},{cpu},{memory},{count},{part},{models}")
    return "\n".join(rows) + "\n"


def _jobs() -> str:
    lots, rows, minute = Lots("jobs"), ["timestamp,duration,num_gpus,cluster"], 0
    for _ in range(40):
        minute += lots.whole(0, 6)
        came = f"2017-10-09 {7 + minute // 60:02}:{minute % 60:02}:{lots.whole(10, 59)}"
        rows.append(f"{came},{lots.among((30, 120, 300, 900, 2400)) + lots.whole(0, 20)},{lots.among((1, 1, 2, 4))},vc")
    return "\n".join(rows) + "\n"


def _edges(lots: Lots, tasks: int) -> list[tuple[int, int]]:
    """Parent and child; of each task up to two of those before it."""
    return [(parent, child) for child in range(1, tasks) for parent in sorted(lots.some(range(child), lots.whole(0, 2)))]


def _task_graph(tasks: int) -> str:
    lots = Lots("graph", tasks)
    edges = _edges(lots, tasks)
    rows = [f"{tasks}", "0 0 0"]
    for task in range(tasks):
        parents = [parent + 1 for parent, child in edges if child == task] or [0]
        rows.append(" ".join(map(str, (task + 1, lots.whole(1, 20), len(parents), *parents))))
    rows.append(" ".join(map(str, (tasks + 1, 0, tasks, *range(1, tasks + 1)))))
    return "\n".join(rows) + "\n"


def _project(jobs: int) -> str:
    """Jobs 1 and last are dummies."""
    lots, last = Lots("project", jobs), jobs + 2
    edges = _edges(lots, jobs)
    followers = {1: [*range(2, last)], last: []}
    followers |= {n + 2: [child + 2 for parent, child in edges if parent == n] or [last] for n in range(jobs)}
    lines = [
        f"jobs (incl. supersource/sink ):  {last}",
        "RESOURCES",
        "  - renewable : 2 R",
        "****",
        "PRECEDENCE RELATIONS:",
        "head",
    ]
    lines += [" ".join(map(str, (job, 1, len(followers[job]), *followers[job]))) for job in range(1, last + 1)]
    lines += ["****", "REQUESTS/DURATIONS:", "head", "----"]
    for job in range(1, last + 1):
        asked = (0, 0, 0) if job in (1, last) else (lots.whole(1, 9), lots.whole(0, 4), lots.whole(0, 3))
        lines.append(f"{job} 1 " + " ".join(map(str, asked)))
    return "\n".join([*lines, "****", "RESOURCEAVAILABILITIES:", "R 1 R 2", "5 4", "****"]) + "\n"


def _unlike() -> tuple[str, str]:
    lots, tasks = Lots("unlike"), 11
    table = ["task,P1,P2,P3", *(f"t{n},{lots.whole(3, 25)},{lots.whole(3, 25)},{lots.whole(3, 25)}" for n in range(tasks))]
    edges = ["src,dst,comm", *(f"t{parent},t{child},{lots.whole(0, 20)}" for parent, child in _edges(lots, tasks))]
    return "\n".join(table) + "\n", "\n".join(edges) + "\n"


def _workflow() -> dict[str, Any]:
    lots, tasks = Lots("workflow"), 12
    edges = _edges(lots, tasks)
    specification = [
        {
            "id": f"w{task}",
            "parents": [f"w{parent}" for parent, child in edges if child == task],
            "children": [f"w{child}" for parent, child in edges if parent == task],
            "inputFiles": [f"f{parent}" for parent, child in edges if child == task],
            "outputFiles": [f"f{task}"],
        }
        for task in range(tasks)
    ]
    files = [{"id": f"f{task}", "sizeInBytes": lots.among((0, 10**8, 10**9))} for task in range(tasks)]
    runs = [{"id": f"w{task}", "runtimeInSeconds": lots.whole(2, 60)} for task in range(tasks)]
    return {
        "schemaVersion": "1.5",
        "workflow": {"specification": {"tasks": specification, "files": files}, "execution": {"tasks": runs}},
    }
