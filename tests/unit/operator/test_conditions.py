from typing import Any

from bayplan_operator.conductor.record import conditions


def test_the_transition_time_changes_only_with_the_status() -> None:
    known: list[dict[str, Any]] = []
    assert conditions.put(known, "Accepted", True, "Accepted", "fine", 1, 1000.0)
    assert not conditions.put(known, "Accepted", True, "Accepted", "still fine", 2, 2000.0)
    assert known[0]["lastTransitionTime"] == conditions.stamp(1000.0)
    assert (known[0]["message"], known[0]["observedGeneration"]) == ("still fine", 2)
    assert conditions.put(known, "Accepted", False, "Invalid", "no", 3, 3000.0)
    assert known[0]["lastTransitionTime"] == conditions.stamp(3000.0)
    assert len(known) == 1
