"""From a plan to what is held and evicted."""

from bayplan.admission.occupancy import Occupancy
from bayplan.admission.preemption.planner import EvictionPlan
from bayplan.model.decision import Eviction, Hold

BINDING = 60.0
"""Seconds that binding the pre-emptor may take, beyond the longest grace of its victims."""
_LINE = 255


def acted(plan: EvictionPlan, running: Occupancy, now: float) -> tuple[Hold, list[Eviction]]:
    """The hold and the evictions of a plan that has victims. Raises `ValueError` for one that has none."""
    if plan.chosen is None or not plan.chosen.victims:
        raise ValueError("a plan without victims is not acted on")
    victims, places, first = plan.chosen.victims, plan.chosen.places, plan.unit[0].request
    graces = {running.keys[slot]: each.grace for each in victims for slot in each.slots}
    pods = "1 pod is" if len(graces) == 1 else f"{len(graces)} pods are"
    hold = Hold(
        tuple(each.request_id for each in places),
        tuple(each.node or "" for each in places),
        tuple(each.gpus for each in places),
        tuple(graces),
        now + max(graces.values()) + BINDING,
        f"{pods} being evicted for it, and the room is kept",
    )
    name = first.name or first.task
    words = f"evicted for a request of queue {first.queue} with priority {first.priority}" + (f": {name}" if name else "")
    return hold, [Eviction(key, first.id, grace, words[:_LINE]) for key, grace in graces.items()]
