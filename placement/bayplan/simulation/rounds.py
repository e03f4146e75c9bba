"""Between two rounds of a simulated graph: whether there is another."""

from collections.abc import Sequence

from bayplan.lifecycle import Run, Undecidable, values_of
from bayplan.model.graph import Graph
from bayplan.simulation.following import Rounds


def over(rounds: Rounds, graph: Graph, run: Run, figures: Sequence[float]) -> bool:
    """Whether the round that has ended was the last, by the rules of the operator. `figures`: the metric of each round so far.

    A condition on results that are not given does not hold, and a metric that is not given ends nothing.
    """
    if rounds.until is not None:
        holds = rounds.until.evaluate(lambda task, key: values_of(graph, run, task, key))
        if not isinstance(holds, Undecidable) and holds:
            return True
    if rounds.patience is not None and _no_progress(figures, rounds.patience, rounds.maximize):
        return True
    return run.round >= min(rounds.most, rounds.expected or rounds.most)


def figure(rounds: Rounds, graph: Graph, run: Run) -> float | None:
    """The metric of the round that has ended; none: it is not known."""
    if rounds.metric is None:
        return None
    said = (value for value in values_of(graph, run, *rounds.metric) if isinstance(value, int | float))
    found = next(said, None)
    return None if found is None else float(f"{found:.6g}")  # as it stands in the status, by which the operator goes


def _no_progress(figures: Sequence[float], patience: int, maximize: bool) -> bool:
    better = max if maximize else min
    if len(figures) <= patience:
        return False
    best_before = better(figures[:-patience])
    return better([best_before, *figures[-patience:]]) == best_before
