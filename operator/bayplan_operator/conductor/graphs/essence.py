"""What the status of a graph is made of."""

from dataclasses import dataclass

from bayplan_operator.conductor.outlook import deadlines
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.register import INTERNAL_ERROR


@dataclass(frozen=True, slots=True)
class Essence:
    """Where it is the same as before, the status has nothing new to say. Small, since each tick compares it."""

    urgent: tuple[object, ...]
    """What should not wait for the interval between two writes."""
    rest: tuple[object, ...]
    words: int
    """Of why shards wait, where the reasons are the same."""
    failing: bool
    """It could not be handled: that is not written at once, since the echo of the write would have it handled at once."""

    @property
    def but_for_words(self) -> tuple[object, ...]:
        """All but how it is said why shards wait."""
        return self.urgent, self.rest, self.failing


def essence(graph: GraphRun, now: float) -> Essence:
    """Of the graph as it is now. O(1)."""
    known, decided, running, outlook = graph.known, graph.decided, graph.running, graph.outlook
    failing = known.invalid is not None and known.invalid.reason == INTERNAL_ERROR
    urgent = (
        known.generation, None if failing else known.refused, known.unserved, decided.shards.open, decided.strategy,
        decided.charge.decided, running is not None, running is not None and running.all_over, deadlines.missed(graph, now),
        None if running is None or running.rounds is None else running.rounds.last(running.run.round),
        None if running is None or running.choices is None else running.choices.revision,
        None if running is None else running.holds.revision,
    )  # fmt: skip
    rest = (
        known.invalid if failing else None, known.checking.doubt, known.deadline, graph.written.edits,
        None if running is None else (running.revision, running.asking.revision),
        None if outlook is None else outlook.revision,
    )  # fmt: skip
    return Essence(urgent, rest, 0 if running is None else running.asking.words, failing)
