"""A genetic algorithm over lists of tasks."""

from dataclasses import dataclass

import numpy as np

from bayplan.solvers.schedules.budget import Budget, Meter, at_once, enough
from bayplan.solvers.schedules.insertion import insertion
from bayplan.solvers.schedules.lots import lots
from bayplan.solvers.schedules.placements import placements
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bayplan.solvers.schedules.ranks import list_by, tails, upward_rank
from bench.scheduling.activities import activities
from bench.scheduling.bounds import fastest, lower_bound
from bench.scheduling.identical import from_starts
from bench.scheduling.kernels.breeding import Herd, evolve_activities, evolve_placements
from bench.scheduling.list_scheduling import first_list
from bench.scheduling.planner import ScheduleSolution, finished
from bench.scheduling.problem import ResourceProblem, SchedulingProblem


def pace(problem: SchedulingProblem) -> int:
    """Schedules that take a few milliseconds, by their O(tasks^2), or O(tasks x processors) where processors differ."""
    width = problem.tasks if isinstance(problem, ResourceProblem) else max(problem.tasks, problem.processors)
    return max(3, min(150, 400_000 // (problem.tasks * width)))


@dataclass(frozen=True, slots=True)
class Genetic:
    """Lists of tasks are crossed at two points and mutated; each new one is justified. Also for `ResourceProblem`.

    Activity lists and two-point crossover: Hartmann 1998; double justification of every child: Valls, Ballestin &
    Quintanilla 2008 (HGA). Where processors differ, an individual also settles the processors of some tasks, and the
    first one is HEFT's list. O(tasks^2 x resources) per schedule, or as HEFT. Raises `ValueError` for a population below 2.
    """

    population: int = 60

    def __post_init__(self) -> None:
        if self.population < 2:
            raise ValueError(f"population is {self.population}: it must be at least 2")

    def __call__(self, problem: SchedulingProblem, budget: Budget, seed: int) -> ScheduleSolution:
        """The best individual; with a budget that is too small for any, the list by the longest chain."""
        bound, meter = lower_bound(problem), Meter(budget)
        herd = new_herd(problem, self.population, seed)
        if isinstance(problem, GraphProblem) and not problem.identical:
            schedule = _on_processors(problem, herd, enough(bound), meter)
        else:
            schedule = _under_resources(problem, herd, enough(bound), meter)
        return finished(schedule, bound, meter)


def new_herd(problem: SchedulingProblem, population: int, seed: int) -> Herd:
    """A herd without members yet."""
    return Herd(
        lists=np.zeros((population + 1, problem.tasks), np.int64),
        fixed=np.full((population + 1, problem.tasks), -1, np.int64),
        starts=np.zeros((population + 1, problem.tasks)),
        makespans=np.full(population + 1, np.inf),
        born=np.zeros(1, np.int64),
        lots=lots(seed),
    )


def _under_resources(problem: SchedulingProblem, herd: Herd, goal: float, meter: Meter) -> Schedule:
    work, urgency = activities(problem), tails(problem, fastest(problem))
    while (steps := meter.slice(at_once(pace(problem)))) >= 3 and herd.makespans.min() > goal:
        meter.used += evolve_activities(work, urgency, herd, goal, steps)
    if not herd.born[0]:
        return first_list(problem, meter)
    return from_starts(problem, herd.starts[herd.makespans[:-1].argmin()].copy())


def _on_processors(problem: GraphProblem, herd: Herd, goal: float, meter: Meter) -> Schedule:
    work, urgency = placements(problem), upward_rank(problem)
    herd.lists[-1] = list_by(problem, urgency)
    while (steps := meter.slice(at_once(pace(problem)))) > 0 and herd.makespans.min() > goal:
        meter.used += evolve_placements(work, urgency, herd, goal, steps)
    if not herd.born[0]:
        return first_list(problem, meter)
    best = herd.makespans[:-1].argmin()
    return insertion(problem, herd.lists[best], herd.fixed[best])
