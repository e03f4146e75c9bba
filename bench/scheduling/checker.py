"""Whether a schedule keeps to its problem, checked without anything that planners use."""

from itertools import pairwise

import numpy as np

from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bench.scheduling.problem import ResourceProblem, SchedulingProblem

_ALIKE = 1e-9


def violations(problem: SchedulingProblem, schedule: Schedule) -> list[str]:
    """What is wrong with a schedule, one sentence each; empty: nothing.

    Every task has to run for its duration, after its parents (and what they send), and at no instant may there be more than
    one task on a processor, or more demand than capacity. Times may differ by a 10^9th of the makespan.
    O(tasks log tasks + edges), with resources O(tasks^2 x resources).
    """
    tasks = problem.tasks
    for name, values in (("processor", schedule.processor), ("start", schedule.start), ("finish", schedule.finish)):
        if values.shape != (tasks,):
            return [f"{name} has shape {values.shape}: it must be ({tasks},)"]
    if not (np.isfinite(schedule.start).all() and np.isfinite(schedule.finish).all()):
        return ["start or finish holds a number that is not finite"]
    slack = _ALIKE * max(1.0, float(np.abs(schedule.finish).max()))
    found = [f"task {task} starts before 0" for task in np.flatnonzero(schedule.start < -slack)]
    if isinstance(problem, ResourceProblem):
        return [*found, *_durations(schedule, problem.durations, slack), *_resources(problem, schedule, slack)]
    unknown = np.flatnonzero((schedule.processor < 0) | (schedule.processor >= problem.processors))
    if len(unknown):
        return [*found, *(f"task {task} runs on processor {schedule.processor[task]}, which there is not" for task in unknown)]
    durations = problem.durations[np.arange(tasks), schedule.processor]
    if problem.fetched:
        durations = durations + _fetching(problem, schedule)
    return [*found, *_durations(schedule, durations, slack), *_processors(problem, schedule, slack)]


def _durations(schedule: Schedule, durations: np.ndarray, slack: float) -> list[str]:
    took = schedule.finish - schedule.start
    wrong = np.flatnonzero(~(np.abs(took - durations) <= slack))
    return [f"task {task} runs for {took[task]} s instead of {durations[task]} s" for task in wrong]


def _moving(problem: GraphProblem, schedule: Schedule) -> np.ndarray:
    """Per edge, the seconds that its bytes take from one site to the other."""
    site = problem.site_of[schedule.processor]
    return np.where(site[problem.parents] == site[problem.children], 0.0, problem.seconds)


def _fetching(problem: GraphProblem, schedule: Schedule) -> np.ndarray:
    """Per task, the longest that it fetches from another site."""
    longest = np.zeros(problem.tasks)
    np.maximum.at(longest, problem.children, _moving(problem, schedule))
    return longest


def _processors(problem: GraphProblem, schedule: Schedule, slack: float) -> list[str]:
    found = []
    parents, children = problem.parents, problem.children
    moved = np.zeros(len(parents)) if problem.fetched else _moving(problem, schedule)
    for edge in np.flatnonzero(schedule.finish[parents] + moved > schedule.start[children] + slack):
        found.append(f"task {children[edge]} starts before task {parents[edge]} has ended and its bytes are there")
    for processor in range(problem.processors):
        here = np.flatnonzero((schedule.processor == processor) & (schedule.finish - schedule.start > slack))
        here = here[np.argsort(schedule.start[here], kind="stable")]
        if len(here) and schedule.start[here[0]] < problem.free_from[processor] - slack:
            found.append(f"task {here[0]} starts before processor {processor} is available")
        for first, second in pairwise(here):
            if schedule.finish[first] > schedule.start[second] + slack:
                found.append(f"tasks {first} and {second} run on processor {processor} at the same time")
    return found


def _resources(problem: ResourceProblem, schedule: Schedule, slack: float) -> list[str]:
    found = []
    for parent, child in zip(problem.parents, problem.children, strict=True):
        if schedule.finish[parent] > schedule.start[child] + slack:
            found.append(f"task {child} starts before task {parent} has ended")
    # Demand is highest at some task's start.
    for task in range(problem.tasks):
        instant = schedule.start[task] + slack
        running = (schedule.start <= instant) & (schedule.finish > instant + slack)
        for resource in np.flatnonzero(problem.demands[running].sum(axis=0) > problem.capacities):
            found.append(f"more of resource {resource} is in use than there is when task {task} starts")
    return found
