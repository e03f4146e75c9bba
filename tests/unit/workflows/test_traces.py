"""Traces of jobs: what is read, what is refused, and what becomes of every line."""

from __future__ import annotations

import gzip
import random
import re
from pathlib import Path

import numpy as np
import pytest

from bayplan.admission.queue import Queue
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import NodeInfo
from bayplan.simulation import Submission
from bayplan_operator.workflows import InputError, Workload, read_graphs
from bayplan_operator.workflows.traces import JobQueues, TraceJobs, add_jobs, read_trace
from tests.unit.workflows.reading import CASES

BY_QUEUE = JobQueues()
NODE = NodeInfo("n", {"cpu": 64_000, "memory": 1 << 40, "pods": 110})
SWF = "7 100 -1 50 8 -1 2048 16 600 1024 1 3 4 5 6 -1 -1 -1\n"
CSV = "submit,run,requested,pods,cpu,memory,gpu,queue,user,group,priority,name,vendor.example/fpga\n"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def jobs(folder: Path, name: str, text: str) -> TraceJobs:
    return read_trace(written(folder, name, text))


def refused(folder: Path, name: str, text: str) -> str:
    with pytest.raises(InputError) as raised:
        jobs(folder, name, text)
    return str(raised.value)


def submissions(trace: TraceJobs, queues: JobQueues = BY_QUEUE, known: tuple[str, ...] = ()) -> list[Submission]:
    work = Workload(traces=[trace], queues={name: Queue(name) for name in known})
    add_jobs(work, queues, [NODE])
    return work.submissions


def test_every_field_of_swf_that_counts(tmp_path: Path) -> None:
    found = jobs(tmp_path, "a.swf", "; MaxProcs: 64\n\n" + SWF + "8 130.5 9 0 -1 -1 -1 2 -1 -1 0 -1 -1 -1 -1 -1 -1 -1\n")
    assert list(found.names) == ["7", "8"]
    assert found.submitted.tolist() == [0.0, 30.5]
    assert found.seconds.tolist() == [50.0, 1.0]
    assert found.requested.tolist() == [600.0, 1.0]
    assert found.parts.tolist() == [8, 2]
    assert dict(found.classes[0].resources) == {"cpu": 1000, "memory": 1 << 20, "pods": 1}
    assert (list(found.queue), list(found.user), list(found.group)) == (["6", ""], ["3", ""], ["4", ""])
    assert [each.partition(": ")[2] for each in found.notes] == [
        "1 of 2 jobs ran for 0 s, and count as 1 s",
        "1 of 2 jobs say no requested time, and are known to run as long as they ran",
    ]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    lines = [SWF, SWF.replace(" 50 ", " -1 "), SWF.replace(" 8 ", " -1 ").replace(" 16 ", " 0 "), SWF.replace(" 1 3", " 3 3")]
    found = jobs(tmp_path, "a.swf", "".join(lines))
    assert len(found) == 1
    assert [each.partition(": ")[2] for each in found.notes] == [
        "1 of 4 jobs never ran (run time -1), and are left out",
        "1 of 4 jobs say no processors, and are left out",
        "1 lines with status 2, 3 or 4 are parts of jobs, and left out",
    ]


def test_the_case_that_was_once_refused() -> None:
    work = read_graphs([CASES / "swf-trace/jobs.swf"])
    add_jobs(work, JobQueues(), [NODE])
    assert [(each.name, each.at, each.counted_in) for each in work.submissions] == [
        ("default/jobs-1", 0.0, "queue-1"), ("default/jobs-3", 30.0, "queue-2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1 2 3\n", "there are 3 fields: a job has 18, from its number to its think time"),
        (SWF.replace(" 50 ", " x "), 'field 4 (run time) is "x": it must be a number, and -1 where it is not known'),
        (SWF.replace(" 50 ", " nan "), 'field 4 (run time) is "nan": it must be a number, and -1 where it is not known'),
        (SWF.replace(" 50 ", " -7 "), 'field 4 (run time) is "-7": it must be seconds, 0 or above, or -1'),
        (SWF.replace(" 100 ", " -1 "), 'field 2 (submit time) is "-1": it must be seconds since the begin of the trace'),
        (SWF.replace(" 8 ", " 1.5 "), 'field 5 (allocated processors) is "1.5": it must be a whole number of processors'),
    ],
)
def test_a_bad_line_of_swf_is_named_with_its_field(line: str, said: str, tmp_path: Path) -> None:
    assert f"a.swf, line 3: {said}" in refused(tmp_path, "a.swf", f"; c\n{SWF}{line}")


def test_every_column_of_csv(tmp_path: Path) -> None:
    rows = "2026-03-01T00:00:10,50,600,2,4,8Gi,1,q,u,g,5,train,3\n2026-03-01T00:00:00,7,,,,,,,,,,,\n\n"
    found = jobs(tmp_path, "a.csv", CSV + rows)
    assert list(found.names) == ["train", "3"]
    assert found.submitted.tolist() == [10.0, 0.0]
    assert (found.seconds.tolist(), found.requested.tolist()) == ([50.0, 7.0], [600.0, 7.0])
    assert (found.parts.tolist(), found.priority.tolist()) == ([2, 1], [5, 0])
    asked = {"cpu": 4000, "memory": 8 << 30, "nvidia.com/gpu": 1, "vendor.example/fpga": 3, "pods": 1}
    assert dict(found.classes[0].resources) == asked
    assert found.classes[0].gpus is not None
    assert dict(found.classes[1].resources) == {"cpu": 1000, "pods": 1}
    assert (list(found.queue), list(found.user), list(found.group)) == (["q", ""], ["u", ""], ["g", ""])


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("job,run\n1,2\n", 1, "column submit is missing: the first line must name submit and run, and may name name,"),
        ("submit,run,run\n1,2,3\n", 1, "column run is there twice: name each once"),
        ("submit,run\n1\n", 2, "there are 1 values: the first line names 2 columns"),
        ("submit,run\nnow,2\n", 2, 'column submit is "now": it must be seconds, or a date with its time'),
        ("submit,run\n1,-3\n", 2, 'column run is "-3": it must be seconds, 0 or above, or -1 for a job that never ran'),
        ("submit,run,cpu\n1,2,much\n", 2, 'column cpu is "much": it must be a quantity'),
        ("submit,run,gpu\n1,2,-1\n", 2, 'column gpu is "-1": it must be a quantity, 0 or above'),
        ("submit,run,pods\n1,2,0\n", 2, 'column pods is "0": it must be a whole number from 1 to 100000'),
        ("submit,run\n", None, "there is no job in it: each is a line below the first"),
        ('submit,run\n1,"2\n', 2, "this is not comma-separated values"),
    ],
)
def test_what_is_wrong_in_csv(text: str, line: int | None, said: str, tmp_path: Path) -> None:
    where = f", line {line}" if line else ""
    assert f"a.csv{where}: {said}" in refused(tmp_path, "a.csv", text)


def test_an_unknown_column_is_told_and_the_jobs_are_read(tmp_path: Path) -> None:
    found = jobs(tmp_path, "a.csv", "submit,run,quue\n1,2,x\n")
    assert len(found) == 1
    assert len(found.left_out) == 1
    assert 'did you mean "queue"' in found.left_out[0]


def test_bad_lines_among_good_ones_are_all_told_and_no_good_one_is(tmp_path: Path) -> None:
    drawn = random.Random(5)
    for _ in range(100):
        lines, bad = [], []
        for number in range(1, 16):
            fields = SWF.split()
            if drawn.random() < 0.4:
                place = drawn.choice((1, 3, 4, 7, 8))
                fields[place] = drawn.choice(("x", "nan", "inf", "-5", "1e999", "--1"))
                bad.append(number)
            lines.append(" ".join(fields))
        text = "\n".join(lines)
        if not bad:
            assert len(jobs(tmp_path, "a.swf", text)) == 15
            continue
        told = {int(each) for each in re.findall(r"line (\d+):", refused(tmp_path, "a.swf", text))}
        assert told == set(bad)


@pytest.mark.parametrize("name", ["a.swf", "a.csv", "a.swf.gz", "a.csv.gz"])
def test_any_bytes_are_read_or_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    drawn = random.Random(3)
    for _ in range(150):
        content = bytes(drawn.choice(b'0123456789 ,-.\n";x\xff') for _ in range(drawn.randrange(80)))
        (tmp_path / name).write_bytes(gzip.compress(content) if drawn.random() < 0.5 else content)
        said = str(tmp_path)
        try:
            read_trace(tmp_path / name)
        except InputError as error:
            said = str(error)
        assert said.startswith(str(tmp_path))


def test_a_packed_trace_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.swf.gz").write_bytes(gzip.compress(SWF.encode()))
    assert list(read_trace(tmp_path / "a.swf.gz").names) == ["7"]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    drawn = np.random.default_rng(2)
    rows = np.stack(
        [np.arange(50), np.sort(drawn.integers(0, 999, 50)), drawn.integers(1, 99, 50), drawn.integers(1, 200, 50)], axis=1
    )
    lines = [f"{job} {at} -1 {run} {asked} -1 -1 -1 {run + 5} -1 1 1 1 -1 1 -1 -1 -1" for job, at, run, asked in rows.tolist()]
    found = jobs(tmp_path, "a.swf", "\n".join(lines))
    assert found.submitted.tolist() == (rows[:, 1] - rows[0, 1]).tolist()
    assert found.seconds.tolist() == rows[:, 2].tolist()
    assert found.requested.tolist() == (rows[:, 2] + 5).tolist()
    assert found.parts.tolist() == rows[:, 3].tolist()


def test_processors_are_one_pod_where_a_node_has_them_and_else_a_gang(tmp_path: Path) -> None:
    lines = [SWF.replace(" 8 ", f" {asked} ") for asked in (1, 64, 65, 130)]
    found = submissions(jobs(tmp_path, "a.swf", "".join(lines)))
    asked = [[dict(each.request_class(unit).resources)["cpu"] // 1000 for unit in range(each.graph.units)] for each in found]
    assert asked == [[1], [64], [33, 32], [44, 43, 43]]
    assert [each.flow is not None and len(each.flow.gangs) for each in found] == [False, False, 1, 1]
    assert len({each.name for each in found}) == 4


def test_what_is_known_beforehand_is_what_was_requested(tmp_path: Path) -> None:
    (found,) = submissions(jobs(tmp_path, "a.swf", SWF))
    assert found.laws == (RunLaw(600.0, most=600.0),)
    assert found.graph.tasks[0].duration == 600.0
    assert found.actual is not None
    assert found.actual.tolist() == [50.0]


def test_queues_by_column_and_by_name(tmp_path: Path) -> None:
    trace = jobs(tmp_path, "a.swf", SWF)
    for by, name in (("queue", "queue-6"), ("user", "user-3"), ("group", "group-4")):
        (found,) = submissions(trace, JobQueues(by), (name,))  # type: ignore[arg-type]
        assert (found.queue, found.counted_in) == (name, name)
    (found,) = submissions(trace, JobQueues("user", {"3": "vision"}), ("vision",))
    assert found.queue == "vision"


def test_a_queue_that_is_in_no_file_is_default_and_that_is_told_once(tmp_path: Path) -> None:
    trace = jobs(tmp_path, "a.swf", SWF * 3)
    work = Workload(traces=[trace], queues={name: Queue(name) for name in ("other", "default")})
    add_jobs(work, JobQueues(), [NODE])
    assert {each.queue for each in work.submissions} == {"default"}
    assert {each.counted_in for each in work.submissions} == {"queue-6"}
    (told,) = work.left_out
    assert "3 of 3 jobs are of queues that no file has (queue-6): they wait in the queue default" in told
    assert {each.queue for each in submissions(trace)} == {None}
