"""What can be said of a graph's end before it runs: the bound, the estimate, and the chance to meet its deadline."""

from collections.abc import Iterable
from dataclasses import replace

import msgspec
import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.estimates import (
    Basis,
    Bound,
    Capacity,
    Durations,
    Estimate,
    RestOfGraph,
    Scenario,
    Suggestion,
    advice,
    course,
    durations,
    earliest,
    lateness,
    quota_caps,
    sure_rounds,
    with_further_rounds,
    with_gates,
    within,
)
from bayplan.foresight.graph_plans import Situation, expected_seconds, slots
from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle import Flow
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.simulation import Divider, Setup, Submission, by_learned
from bayplan.solvers.kernels.scheduling.lateness import Lateness
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.turns import capacity_for
from bayplan_operator.views.model.graph import SimulatedGraph
from bayplan_operator.views.model.outlook import PlannedOutlook, SuggestionView
from bayplan_operator.views.model.simulation import Simulation
from bayplan_operator.views.simulations.choices import as_chosen

_WANTED = 0.9
_SLOTS = 1_000
_DIGITS = 6
_DRAWN = 256
"""Numbers of rounds, as many as an estimate has samples at most."""


def with_outlooks(simulation: Simulation, submissions: Iterable[Submission], setup: Setup) -> Simulation:
    """A simulation in which run times are as expected, with what can be said of each graph's end as they vary.

    Each graph is looked at as if it were alone on the nodes, beside what occupies them. Its policy places it, or the
    candidate that an adaptive policy has chosen. What no schedule beats is one figure: the larger of both bounds.
    """
    cluster, divider = Cluster(), Divider(setup)
    for node in setup.nodes:
        cluster.set_node(node)
    if setup.queues is not None:
        cluster.set_quotas(setup.queues.limits())
    for number, each in enumerate(setup.occupied):
        cluster.occupy(number, each.node, each.resources, each.gpus, each.tenant)
    found = {each.name: divider.divided(each) for each in submissions}
    found |= {graph.name: as_chosen(found[graph.name], graph) for graph in simulation.graphs if graph.choices}
    # How many pods may run at once is nothing that an estimate knows of: it would promise too early an end.
    graphs = tuple(
        graph if found[graph.name].parallelism else _with_outlook(graph, found[graph.name], setup, cluster, simulation)
        for graph in simulation.graphs
    )
    return msgspec.structs.replace(simulation, graphs=graphs)


def _with_outlook(
    graph: SimulatedGraph, submission: Submission, setup: Setup, cluster: Cluster, simulation: Simulation
) -> SimulatedGraph:
    strategy = setup.policies[submission.policy].placing(graph.strategy)
    outlook = _outlook(submission, setup, cluster, strategy, graph.rounds)
    bound = max(graph.lower_bound, outlook.lower_bound) if _as_expected(submission) else graph.lower_bound
    graph = msgspec.structs.replace(graph, lower_bound=bound)
    apart = _apart(graph, submission, outlook, len(simulation.graphs))
    return msgspec.structs.replace(graph, outlook=msgspec.structs.replace(outlook, apart=apart))


def _as_expected(submission: Submission) -> bool:
    """Tasks take as long as their hints say, or the default."""
    durations = np.array([task.duration for task in submission.graph.tasks])
    return submission.actual is None or bool((submission.actual == durations).all())


def _apart(graph: SimulatedGraph, submission: Submission, outlook: PlannedOutlook, graphs: int) -> str:
    """Why the simulated end lies outside the interval, in words; empty: it does not."""
    took, low, high = graph.took, outlook.low, outlook.high
    if took is None or low is None or high is None or low <= took <= high:
        return ""
    if not _as_expected(submission):
        return "there the run times are those of the annotation for simulated nodes, here those that are expected"
    if took > high and any(each.asks for each in submission.neighbours):
        return "there pods mind the pods nearby, as their affinity, spread constraints and host ports say; here they do not"
    if took > high and graphs > 1:
        return "there it shares the nodes with the other graphs, here it has them for itself"
    if took < low:
        return "there every run time is at its median; where many shards must all end, some take longer"
    return "there every run time is at its median; as they vary, tasks take other places and turns"


def _outlook(submission: Submission, setup: Setup, cluster: Cluster, strategy: Strategy, rounds: int) -> PlannedOutlook:
    """`rounds`: as many as were simulated. The bound counts those that are sure."""
    graph, selector = submission.graph, strategy.node_selector
    there, known = _situation(submission, setup, cluster, strategy)
    none = np.full(graph.units, np.nan)
    fastest = known.median.min(axis=1, initial=np.inf)
    least = np.where((known.basis == Basis.NOTHING) | np.isinf(fastest), 0.0, fastest)
    flow, limit = submission.flow, submission.rounds
    sure = 0
    if limit is not None:
        patience = limit.rule.patience
        until = limit.rule.until is not None or limit.joint is not None
        sure = sure_rounds(limit.rule.most, until, None if patience is None else patience.rounds, 1)
    clients = None if limit is None or limit.lots is None else limit.lots.clients
    given = None if flow is None else course(graph, flow, sure, clients)
    first = earliest(cluster, graph, submission.classes, selector, least, none, given)
    bound = first.bound
    if first.nowhere or not known.informed:
        return PlannedOutlook(known.words, lower_bound=_round(bound.seconds), nowhere=first.nowhere)

    def capacity(each: RestOfGraph) -> Capacity:
        found = capacity_for(strategy, cluster, each.situation, each.classes)
        return within(found, quota_caps(cluster, submission.queue), cluster, each.situation)

    whole = RestOfGraph(there, known, none, submission.classes)
    if flow is not None:
        whole = with_gates(replace(whole, late=_late(submission, flow, none)), flow)
        whole = with_further_rounds(whole, flow, _further(submission, setup, rounds), setup.seed, capacity)
    scenario = whole.scenario(setup.seed, capacity)
    found = scenario.estimate()
    basis = f"{known.words}, {rounds} round{'s' if rounds > 1 else ''}" if rounds else known.words
    if limit is not None and _by_learned(submission):
        basis = f"{known.words}; rounds as learned: {limit.learned.words}"
    if not np.isfinite(found.ends[-1]):
        return PlannedOutlook(basis, lower_bound=_round(bound.seconds))
    probability, helps = _deadline(submission, scenario, found, bound)
    return PlannedOutlook(
        lower_bound=_round(bound.seconds),
        basis=basis,
        estimate=_round(found.quantile(0.5)),
        low=_round(found.quantile(0.1)),
        high=_round(found.quantile(0.9)),
        probability=probability,
        advice=tuple(SuggestionView(each.help.value, each.subject, each.probability, _round(each.seconds)) for each in helps),
    )


def _by_learned(submission: Submission) -> bool:
    return submission.rounds is not None and by_learned(submission.graph, submission.rounds, submission.endings)


def _further(submission: Submission, setup: Setup, rounds: int) -> IntArray:
    """Equally likely numbers of rounds after the first: as were simulated, or as earlier graphs took."""
    limit = submission.rounds
    if limit is None or not _by_learned(submission):
        return np.array([max(rounds - 1, 0)])
    return limit.learned.drawn(1, limit.rule.most, _DRAWN, setup.seed) - 1


def _late(submission: Submission, flow: Flow, elapsed: FloatArray) -> Lateness:
    """Of a graph that has not begun."""
    graph, limit = submission.graph, submission.rounds
    repeated = [] if flow.repeated is None else np.flatnonzero(flow.repeated.tasks).tolist()
    seconds = None if limit is None else limit.time_out
    return lateness(
        graph, flow, {} if seconds is None else dict.fromkeys(repeated, seconds), np.zeros(graph.units, bool), elapsed
    )


def _situation(submission: Submission, setup: Setup, cluster: Cluster, strategy: Strategy) -> tuple[Situation, Durations]:
    graph, times = submission.graph, setup.run_times
    said = [task.duration for task in graph.tasks] if submission.expected is None else submission.expected.tolist()
    runs = [TaskRun(task.name, hint=hint or None) for task, hint in zip(graph.tasks, said, strict=True)]
    asks = {asked: submission.classes.count(asked) for asked in dict.fromkeys(submission.classes)}
    nodes = slots(cluster, asks, _SLOTS, strategy.node_selector)
    speeds = np.array([times.speeds.get(name, 1.0) for name in nodes.classes])
    seconds = expected_seconds(graph, runs, nodes.classes) / speeds
    seconds[~nodes.admitting(submission.classes)] = np.inf
    nothing = (np.zeros(graph.units, bool), np.full(graph.units, -1), np.full(graph.units, np.nan))
    data = np.zeros(len(graph.parents.indices)) if submission.data is None else submission.data
    there = Situation(graph, seconds, data, setup.bandwidth, nodes, 0.0, *nothing)
    return there, durations(graph, runs, nodes.classes, seconds, None)


def _deadline(
    submission: Submission, scenario: Scenario, found: Estimate, bound: Bound
) -> tuple[float | None, tuple[Suggestion, ...]]:
    if submission.deadline is None:
        return None, ()
    probability = found.probability_by(submission.deadline)
    if probability >= _WANTED:
        return probability, ()
    return probability, advice(scenario, bound, submission.deadline, _WANTED)


def _round(seconds: float) -> float:
    return round(seconds, _DIGITS)
