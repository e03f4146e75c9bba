"""The anytime portfolio."""

from dataclasses import dataclass

from bayplan.model.arrays import FloatArray
from bayplan.solvers.schedules.budget import Budget, Meter, at_once, enough
from bayplan.solvers.schedules.problem import GraphProblem
from bayplan.solvers.schedules.ranks import tails
from bench.scheduling.activities import activities
from bench.scheduling.annealing import annealed
from bench.scheduling.bounds import fastest, lower_bound
from bench.scheduling.branch_and_bound import Tree
from bench.scheduling.branch_and_bound import pace as tree_pace
from bench.scheduling.cpop import cpop
from bench.scheduling.genetic import new_herd
from bench.scheduling.genetic import pace as herd_pace
from bench.scheduling.heft import heft
from bench.scheduling.identical import on_processors
from bench.scheduling.kernels.breeding import evolve_activities
from bench.scheduling.list_scheduling import best_insertion, best_list
from bench.scheduling.look_ahead import look_ahead
from bench.scheduling.planner import ScheduleSolution, finished

_LARGEST_TREE = 500
_POPULATION, _PATIENCE = 60, 20_000


@dataclass(frozen=True, slots=True)
class Auto:
    """Starts from the best list schedule and improves it until the budget ends or nothing shorter can exist.

    Identical processors without transfers: branch and bound from either end of the graph and a genetic algorithm take turns and
    tell each other what they find. Otherwise HEFT, look-ahead, CPOP and lists, then annealing. Never worse than its
    start, and so never worse than HEFT. Slices are a few milliseconds, so that a time box is kept.
    """

    def __call__(self, problem: GraphProblem, budget: Budget, seed: int) -> ScheduleSolution:
        """The best schedule found; `proved` where the bound is reached or a tree has been searched to its end."""
        bound = lower_bound(problem)
        if problem.identical:
            return _identical(problem, bound, budget, seed)
        listed, passes = best_insertion(problem)
        begin = min(heft(problem), look_ahead(problem), cpop(problem), listed, key=lambda each: each.makespan)
        meter = Meter(budget, used=passes + 3)
        return finished(annealed(problem, begin, enough(bound), meter, seed), bound, meter)


class _Turns:
    """Searches that take turns on identical processors, and the best schedule of all of them."""

    def __init__(self, problem: GraphProblem, starts: FloatArray, goal: float, seed: int) -> None:
        """`starts`: shape (tasks,), of a schedule to improve on; `goal`: the makespan that is short enough."""
        self.starts = starts
        self.makespan = float((starts + problem.durations[:, 0]).max())
        self.searched = False
        """A tree has been looked at to its end: nothing is shorter."""
        self._problem, self._goal, self._seed, self._idle = problem, goal, seed, 0
        self._work, self._urgency = activities(problem), tails(problem, fastest(problem))
        self._herd = new_herd(problem, _POPULATION, seed)
        self._trees: list[Tree] = []
        if problem.tasks <= _LARGEST_TREE:
            self._trees.append(Tree(problem, starts, backward=False))
            if not problem.free_from.any():
                self._trees.append(Tree(problem, starts, backward=True))

    def round(self, meter: Meter) -> bool:
        """One turn of each search; false when there is nothing left to do, or to do it with."""
        for tree in self._trees:
            if self._over or not self._branch(tree, meter):
                return False
        return not self._over and self._breed(meter)

    @property
    def _over(self) -> bool:
        return self.searched or self.makespan <= self._goal

    def _branch(self, tree: Tree, meter: Meter) -> bool:
        """False: the budget is over."""
        if tree.makespan > self.makespan:
            tree.improve(self.starts)
        goes_on = tree.look(tree_pace(self._problem), meter)
        if tree.makespan < self.makespan:
            self.makespan, self.starts = tree.makespan, tree.starts
        self.searched = tree.over
        return goes_on

    def _breed(self, meter: Meter) -> bool:
        """False: the budget is over. A population that has found nothing for long makes room for a new one."""
        left = herd_pace(self._problem)
        while left >= 3 and self._herd.makespans.min() > self._goal:
            portion = meter.slice(at_once(left))
            if portion < 3:
                return False
            used = evolve_activities(self._work, self._urgency, self._herd, self._goal, portion)
            meter.used += used
            self._idle += used
            left -= used
            best = int(self._herd.makespans[:-1].argmin())
            if self._herd.makespans[best] < self.makespan:
                self.makespan, self.starts = float(self._herd.makespans[best]), self._herd.starts[best].copy()
                self._idle = 0
        if self._idle >= _PATIENCE:
            self._seed, self._idle = self._seed + 1, 0
            self._herd = new_herd(self._problem, _POPULATION, self._seed)
        return True


def _identical(problem: GraphProblem, bound: float, budget: Budget, seed: int) -> ScheduleSolution:
    starts, passes = best_list(problem)
    beside = heft(problem)
    if beside.makespan < float((starts + problem.durations[:, 0]).max()):
        starts = beside.start
    meter = Meter(budget, used=passes + 1)
    turns = _Turns(problem, starts, enough(bound), seed)
    while turns.round(meter):
        pass
    return finished(on_processors(problem, turns.starts), bound, meter, proved=turns.searched)
