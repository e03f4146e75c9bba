"""Room that gated pods hold no longer."""

from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.view import PodStore


class GiveBackRoom(Step):
    """Others may have the room of pods that scheduling gates have held back for a while."""

    def __init__(self, pods: PodStore) -> None:
        self._pods = pods

    def step(self, tick: Tick) -> None:
        """O(pods whose grace is over)."""
        self._pods.give_back_gated(tick.now)

    def next_time(self, now: float) -> float | None:
        """When the next grace is over."""
        return self._pods.gated.next_at
