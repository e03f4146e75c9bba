"""`bayplan plan --preempt`."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bayplan_operator import names
from bayplan_operator.cli.cluster.situation import Situation, read_situation
from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.cli.plan import PlanOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.text import preemption as text
from bayplan_operator.cli.work.evictions.copy import Asked, Copy, as_submitted
from bayplan_operator.cli.work.evictions.deciding import decided
from bayplan_operator.cli.work.evictions.telling import told
from bayplan_operator.views.model.preemption import PreemptionPlan
from bayplan_operator.workflows import InputError, read_graphs
from bayplan_operator.workflows.documents import Document, documents, files


def run(options: PlanOptions) -> int:
    """Answers the exit code. Raises `InputError` and `ApiError`."""
    now = time.time()
    read_graphs(options.file)  # says all that is wrong with the files
    asked = _asked(options.file, now)
    plan = planned(asyncio.run(read_situation(options)), asked, now)
    output.warn(plan.left_out)
    output.print_figures(plan, options.output, lambda screen: text.plan(plan, screen))
    return ExitCode.DONE


def planned(there: Situation, asked: Asked, now: float) -> PreemptionPlan:
    """What would happen to the graphs of the files, as things stand. `now`: seconds since the epoch."""
    copy = Copy(there, asked, now)
    made = decided(copy, now)
    return told(copy, made, decided(Copy(there, asked, now, ends=False), now), now)


def _asked(paths: Sequence[Path], now: float) -> Asked:
    at = datetime.fromtimestamp(now, UTC)
    graphs: list[Mapping[str, Any]] = []
    queues: dict[str, Mapping[str, Any]] = {}
    policies: dict[str, Mapping[str, Any]] = {}
    for document in _documents(paths):
        kind, raw = document.value.get("kind"), document.value
        if kind == names.TASK_GRAPH:
            graphs.append(as_submitted(raw, len(graphs), at))
        elif kind == names.QUEUE:
            queues[raw["metadata"]["name"]] = _stored(raw)
        elif kind == names.PLACEMENT_POLICY:
            policies[raw["metadata"]["name"]] = _stored(raw)
        elif kind is None or str(raw.get("apiVersion", "")).startswith("argoproj.io/"):
            raise document.fault("--preempt looks at TaskGraphs only: leave this workflow out")
    if not graphs:
        raise InputError("--preempt: there is no TaskGraph in the files: name one with -f")
    return Asked(graphs, queues, policies)


def _documents(paths: Sequence[Path]) -> Iterator[Document]:
    for path in paths:
        for file in files(path):
            yield from documents(file)


def _stored(raw: Mapping[str, Any]) -> dict[str, Any]:
    """As the API server would have it."""
    return {**raw, "metadata": {"uid": f"plan-{raw['metadata']['name']}", "resourceVersion": "0", **raw["metadata"]}}
