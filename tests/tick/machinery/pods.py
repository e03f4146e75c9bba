"""What the parts of a cluster read of a pod, and what they write into it."""

from __future__ import annotations

from typing import Any

from tests.tick.api.kinds import POD
from tests.tick.api.store import Object, Store

ANNOTATION = "sim.bayplan.dev/"
"""What the annotations begin with that say what a pod does; `tests/testbed/README.md` lists them."""


def key(pod: Object) -> tuple[str, str]:
    """Namespace and name."""
    return pod["metadata"]["namespace"], pod["metadata"]["name"]


def node_of(pod: Object) -> str:
    """Where it is bound; empty: nowhere yet."""
    name: str = pod["spec"].get("nodeName", "")
    return name


def terminal(pod: Object) -> bool:
    """It has ended."""
    return phase(pod) in ("Succeeded", "Failed")


def phase(pod: Object) -> str:
    """Pending, Running, Succeeded or Failed."""
    found: str = pod.get("status", {}).get("phase", "Pending")
    return found


def deleting(pod: Object) -> bool:
    """It is being deleted."""
    return "deletionTimestamp" in pod["metadata"]


def said(pod: Object, name: str) -> str:
    """What its annotation says that it does."""
    text: str = pod["metadata"].get("annotations", {}).get(ANNOTATION + name, "")
    return text


def there(store: Store, pod: Object) -> Object | None:
    """The same pod as it is now."""
    found = store.find(POD, *key(pod))
    return found if found is not None and found["metadata"]["uid"] == pod["metadata"]["uid"] else None


def write_status(store: Store, pod: Object, **fields: Any) -> None:
    """Set fields of its status; conditions are set by their type."""
    namespace, name = key(pod)

    def change(before: Object) -> Object:
        status = dict(before.get("status", {}))
        given = {each["type"]: each for each in status.get("conditions", ())}
        given |= {each["type"]: each for each in fields.get("conditions", ())}
        return {**before, "status": {**status, **fields, **({"conditions": list(given.values())} if given else {})}}

    store.change(POD, namespace, name, change, "status")
