"""Several programs that could do a task: what their pods are made from, and under what their runs are learned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bayplan.knowledge.run_times import TaskRun
from bayplan.model.workload import RequestClass
from bayplan_operator import names
from bayplan_operator.translate.pod import Template


@dataclass(frozen=True, slots=True)
class CandidatePod:
    """One program that could do a task."""

    name: str
    template: Template
    run: TaskRun
    """Under what its runs are learned."""


CandidatePods = Mapping[int, tuple[CandidatePod, ...]]
"""By number of a task, its candidates in their order."""


def run_of(run: TaskRun, candidate: str) -> TaskRun:
    """Under what the runs of a candidate are learned. ``run``: of its task."""
    return replace(run, task=names.part_name(run.task, candidate))


def largest(pods: Sequence[CandidatePod]) -> CandidatePod:
    """The one that stands for the task before one is chosen: the one that asks for most; of equals, the first."""
    return max(pods, key=lambda pod: _size(pod.template.request_class))


def chosen(
    templates: Sequence[Template], runs: Sequence[TaskRun], candidates: CandidatePods, choices: Mapping[int, int]
) -> tuple[tuple[Template, ...], tuple[TaskRun, ...]]:
    """Templates and runs per task, by what is chosen: task to position of its candidate."""
    with_templates, with_runs = list(templates), list(runs)
    for task, pods in candidates.items():
        pod = pods[choices[task]] if task in choices else largest(pods)
        with_templates[task], with_runs[task] = pod.template, pod.run
    return tuple(with_templates), tuple(with_runs)


def _size(asked: RequestClass) -> tuple[int, int, int]:
    """Devices first, since they are scarce; then memory, then CPU."""
    amounts = dict(asked.resources)
    devices = sum(amount for name, amount in amounts.items() if "/" in name)
    return devices, amounts.get("memory", 0), amounts.get("cpu", 0)
