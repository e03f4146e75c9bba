"""Priorities of tasks: longest chains before and after them."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.kernels.scheduling.ranking import chains, optimistic, ready
from bayplan.solvers.schedules.problem import GraphProblem, Precedence


def tails(problem: Precedence, durations: FloatArray, seconds: FloatArray | None = None) -> FloatArray:
    """Per task, the longest chain that starts with it, itself included; O(tasks + edges).

    `durations`: shape (tasks,); `seconds`: per edge, shape (edges,), none: 0. With mean durations and transfers this is
    the upward rank of HEFT (Topcuoglu, Hariri & Wu 2002, equation 8).
    """
    graph = problem.topology
    weights = np.zeros(len(problem.parents)) if seconds is None else seconds
    order = graph.order[::-1].copy()
    return durations + chains(order, graph.children.indptr, graph.children.indices, weights[graph.child_edge], durations)


def heads(problem: Precedence, durations: FloatArray, seconds: FloatArray | None = None) -> FloatArray:
    """Per task, the longest chain that ends before it, itself not included; O(tasks + edges).

    The downward rank of HEFT's paper (equation 9).
    """
    graph = problem.topology
    weights = np.zeros(len(problem.parents)) if seconds is None else seconds
    return chains(graph.order, graph.parents.indptr, graph.parents.indices, weights[graph.parent_edge], durations)


def mean_durations(problem: GraphProblem) -> FloatArray:
    """Per task, the mean over the processors that it can run on, in seconds; shape (tasks,)."""
    finite = np.isfinite(problem.durations)
    return np.asarray(np.where(finite, problem.durations, 0.0).sum(axis=1) / finite.sum(axis=1))


def upward_rank(problem: GraphProblem) -> FloatArray:
    """Upward rank with mean durations and transfers (Topcuoglu, Hariri & Wu 2002); shape (tasks,).

    O(tasks x processors + edges).
    """
    return tails(problem, mean_durations(problem), problem.seconds)


def optimistic_costs(problem: GraphProblem) -> FloatArray:
    """The optimistic cost table of PEFT (Arabnejad & Barbosa 2014, equation 6); shape (tasks, processors).

    Per task and processor, what remains at least after the task, everything going to where it goes fastest.
    O(edges x processors), since the best other processor is the best or second best of all.
    """
    graph = problem.topology
    return optimistic(
        graph.order[::-1].copy(),
        graph.children.indptr,
        graph.children.indices,
        problem.seconds[graph.child_edge],
        problem.durations,
        problem.site_of,
    )


def list_by(problem: Precedence, priority: FloatArray) -> IntArray:
    """All tasks, again and again the one with the highest priority of those whose parents are listed; of equal ones the first.

    Shape (tasks,). O((tasks + edges) log tasks).
    """
    graph = problem.topology
    return ready(graph.parents.indptr, graph.children.indptr, graph.children.indices, priority)
