"""The rounds of a graph, as far as they are decided and told."""

from collections.abc import Mapping, Sequence
from typing import Any

from bayplan.collaboration.rounds import RoundEnd
from bayplan.lifecycle import Round, Run
from bayplan.model.graph import Graph
from bayplan_operator.conductor.record.commitment import Commitment
from bayplan_operator.translate import round_record


class RoundsRecord:
    """Each round is a commitment: it is recorded, with who takes part in it, before any pod of it is made."""

    def __init__(self, graph: Graph, status: Mapping[str, Any]) -> None:
        """``status``: as it was found."""
        self._graph = graph
        self.next: Commitment[Round] = Commitment(lambda found: round_record.read_next(graph, found))
        self.next.needed = True
        self.next.find(status)
        self.history = round_record.read_history(status)
        """A line for each round that is over."""
        self.over = round_record.read_over(status)
        """Why there is no further round; empty: there may be."""
        self.end: RoundEnd | None = round_record.read_end(status)
        """What ended the rounds well; ``None``: they go on, have failed, or none of their tasks ran."""
        self.found = bool(round_record.read_number(status)) or self.next.value is not None
        """The status said which round it is."""
        self.joint: Sequence[float] = round_record.read_joint(status)
        """The weights of the terms of the joint loss, if new ones have been made."""

    def find(self, status: Mapping[str, Any], number: int) -> None:
        """The API server has this status now. ``number``: which round would be the next."""
        found = round_record.read_next(self._graph, status)
        if self.next.value is not None or (found is not None and found.number == number):
            self.next.find(status)

    def tell(self, number: int, line: str) -> None:
        """A round is over. It is told once."""
        if not self.history or round_record.number_of(self.history[-1]) < number:
            self.history.append(line[: round_record.LONGEST_LINE])

    def begun(self) -> None:
        """The next round runs."""
        self.next.withdraw()

    def last(self, number: int) -> int:
        """The last round that was decided. ``number``: the one that has begun. The begin of a round that is recorded says
        nothing that an operator does not find there, so it need not be recorded at once."""
        return number if self.next.value is None else max(number, self.next.value.number)

    def body(self, run: Run, before: list[str]) -> dict[str, Any]:
        """As the status has it. ``before``: what succeeded in the round before."""
        coming, weights = self.next.value, run.round_weights
        began = {int(self._graph.unit_task[unit]): None for unit in run.began_in}
        return {
            "number": max(run.round, 1),
            "began": round_record.write_attempts(self._graph, run.began_in, began),
            "taken": round_record.write_units(self._graph, run.taken),
            "next": None if coming is None else coming.number,
            "leftOut": [] if coming is None else round_record.write_units(self._graph, coming.left_out),
            "weights": round_record.write_weights(self._graph, weights if coming is None else coming.weights),
            "joint": [repr(each) for each in self.joint],
            "before": before,
            "history": list(self.history),
            "over": self.over or None,
            "reason": None if self.end is None else self.end.value,
        }
