"""The queues of a copied cluster: its own, and those of the files in their place."""

from collections.abc import Mapping
from typing import Any

from bayplan_operator.cli.cluster.situation import Situation
from bayplan_operator.cli.work.cluster_copy.asked import Asked
from bayplan_operator.conductor.queueing.queues import Queues

_OPEN = "you may not list the namespaces: any namespace is taken to be let into queues whose namespaceSelector asks for labels"


def queues_of(there: Situation, asked: Asked, half_life: float | None) -> tuple[Queues, list[str]]:
    """As the operator keeps them; also what could not be read, one sentence each. `half_life`: that of the shares of queues
    without a parent, in seconds; `None`: they are not compared."""
    found, said = Queues(half_life), []
    for name, raw in {**{each["metadata"]["name"]: each for each in there.queues or ()}, **asked.queues}.items():
        if there.namespaces is None and (raw.get("spec") or {}).get("namespaceSelector"):
            raw, said = _open(raw), [_OPEN]
        found.take(name, raw)
    found.settle()
    return found, said


def _open(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**raw, "spec": {**raw["spec"], "namespaceSelector": {}}}
