"""The objects, and what the API server does to them by itself."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tests.tick.api.kinds import POD, TASK_GRAPH, Kind
from tests.tick.api.pod_changes import check
from tests.tick.api.refusal import Refusal
from tests.tick.api.schema import completed, faults, schema

Object = dict[str, Any]
Key = tuple[str, str]
"""Namespace, empty where there is none, and name."""
Change = tuple[int, Kind, str, Object]
"""Resource version; what; ADDED, MODIFIED or DELETED; the object then."""
FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
_ROUNDED = 1e-4
"""Seconds that the sums of virtual time may be off."""
_FINALIZERS = {"Foreground": [FOREGROUND], "Orphan": [ORPHAN]}


class Store:
    """Objects by kind and key. What it hands out is never changed: a write makes another object of it."""

    def __init__(self, clock: Callable[[], float], seed: int = 0) -> None:
        self._clock = clock
        self._lots = random.Random(seed)
        self.uids: dict[str, str] = {}
        """By name of a TaskGraph, the UID that it gets; others get one by lot."""
        self._objects: dict[Kind, dict[Key, Object]] = {}
        self.version = 100
        self.born: dict[str, int] = {}
        """By UID, the version at which each object came into being."""
        self.born_at: dict[str, float] = {}
        """By UID, when that was, to the last digit."""
        self.history: list[Change] = []
        self.listeners: list[Callable[[Change], None]] = []
        self.webhooks: list[Callable[[Object], Object]] = []
        """What admission makes of each new pod, one after the other."""

    # Reading

    def find(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """One object, if it is there."""
        return self._objects.get(kind, {}).get((namespace, name))

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        """One object. Raises `Refusal`."""
        found = self.find(kind, namespace, name)
        if found is None:
            raise Refusal(404, "NotFound", f'{kind.plural} "{name}" not found')
        return found

    def all(self, kind: Kind, namespace: str = "") -> list[Object]:
        """All of a kind (in a namespace), by namespace and name."""
        found = sorted(self._objects.get(kind, {}).items())
        return [each for (where, _), each in found if not namespace or where == namespace]

    # Writing

    def create(self, kind: Kind, namespace: str, given: Mapping[str, Any]) -> Object:
        """Store a new object. Raises `Refusal`."""
        made = msgspec.json.decode(msgspec.json.encode(given))
        metadata = made.setdefault("metadata", {})
        name = metadata["name"]
        if (namespace, name) in self._objects.get(kind, {}):
            raise Refusal(409, "AlreadyExists", f'{kind.plural} "{name}" already exists')
        if kind.ours:
            made.pop("status", None)
        made = {"apiVersion": kind.group, "kind": kind.name, **_of_kind(kind, made, "spec")}
        made["metadata"] |= {
            "uid": (kind == TASK_GRAPH and self.uids.get(name)) or str(uuid.UUID(int=self._lots.getrandbits(128), version=4)),
            "creationTimestamp": self.stamp(),
            "generation": 1,
            **({"namespace": namespace} if kind.namespaced else {}),
        }
        if kind == POD:
            made.setdefault("status", {}).setdefault("phase", "Pending")
            for webhook in self.webhooks:
                made = webhook(made)
            if made["spec"].get("schedulingGates"):
                made["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]
        return self._keep(kind, "ADDED", made)

    def change(
        self, kind: Kind, namespace: str, name: str, change: Callable[[Object], Object], subresource: str = ""
    ) -> Object:
        """Replace an object by what `change` makes of it: its status only, or all but that. Raises `Refusal`."""
        before = self.get(kind, namespace, name)
        wanted = change(before)
        _check_versions(kind, before, wanted)
        # What the API server alone writes; and a status cannot be reached but by its own path.
        metadata = before["metadata"] if subresource else {**wanted["metadata"], **_fixed(before)}
        if subresource == "status":
            after = {**before, **_of_kind(kind, {"metadata": metadata, "status": wanted.get("status", {})}, "status")}
        else:
            after = {name: each for name, each in wanted.items() if name != "status" or not kind.status}
            after = _of_kind(kind, {**after, "metadata": metadata}, "spec")
            if kind == POD:
                check(before, after)
            after |= {"status": before["status"]} if kind.status and "status" in before else {}
        after["metadata"] = dict(metadata)
        if after == before:
            return before
        if not subresource and _spec(after) != _spec(before):
            after["metadata"]["generation"] = before["metadata"]["generation"] + 1
        return self._settled(kind, after)

    def delete(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        *,
        only_if: Mapping[str, str] | None = None,
        grace: int | None = None,
        propagation: str = "Background",
    ) -> Object:
        """Delete an object, at once or once nothing holds it any more. Raises `Refusal`."""
        before = self.get(kind, namespace, name)
        metadata = before["metadata"]
        for field, value in (only_if or {}).items():
            if metadata[field] != value:
                raise Refusal(409, "Conflict", f"the {field} in the precondition ({value}) is not {metadata[field]}")
        seconds = _grace(before, grace) if kind == POD else 0
        finalizers = [*metadata.get("finalizers", ()), *_FINALIZERS.get(propagation, ())]
        if "deletionTimestamp" in metadata:
            seconds = min(seconds, metadata.get("deletionGracePeriodSeconds", 0))
            finalizers = metadata.get("finalizers", [])
        asked = self.stamp(seconds)
        if "deletionTimestamp" in metadata and kind == POD:  # counted from the first request
            shorter = seconds - metadata.get("deletionGracePeriodSeconds", 0)
            asked = _later(metadata["deletionTimestamp"], shorter)
        marked = {**metadata, "deletionTimestamp": asked, "deletionGracePeriodSeconds": seconds}
        if "deletionTimestamp" in metadata and metadata.get("deletionGracePeriodSeconds") == seconds:
            return before
        if finalizers:
            marked["finalizers"] = finalizers
        return self._settled(kind, {**before, "metadata": marked})

    def stamp(self, later: float = 0.0) -> str:
        """Now, as the API writes it: in whole seconds."""
        return datetime.fromtimestamp(int(self._clock() + later + _ROUNDED), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _settled(self, kind: Kind, after: Object) -> Object:
        """Keep it; or not, if it was to be deleted and nothing holds it."""
        metadata = after["metadata"]
        over = not metadata.get("finalizers") and not metadata.get("deletionGracePeriodSeconds", 0)
        if "deletionTimestamp" in metadata and over:
            return self._keep(kind, "DELETED", after)
        return self._keep(kind, "MODIFIED", after)

    def _keep(self, kind: Kind, what: str, after: Object) -> Object:
        self.version += 1
        after = {**after, "metadata": {**after["metadata"], "resourceVersion": str(self.version)}}
        key = after["metadata"].get("namespace", ""), after["metadata"]["name"]
        if what == "ADDED":
            self.born[after["metadata"]["uid"]] = self.version
            self.born_at[after["metadata"]["uid"]] = self._clock()
        if what == "DELETED":
            del self._objects[kind][key]
        else:
            self._objects.setdefault(kind, {})[key] = after
        change = (self.version, kind, what, after)
        self.history.append(change)
        for listener in self.listeners:
            listener(change)
        return after


def _of_kind(kind: Kind, given: Object, part: str) -> Object:
    """With this part as the schema has it. Raises `Refusal`."""
    if not kind.ours:
        return given
    by = schema(kind.plural)["properties"][part]
    made = completed(given.get(part, {}), by)
    wrong = faults(made, by, part)
    if wrong:
        message = f'{kind.name}.bayplan.dev "{given["metadata"]["name"]}" is invalid: {"; ".join(wrong)}'
        raise Refusal(422, "Invalid", message)
    return {**given, part: made}


def _check_versions(kind: Kind, before: Object, wanted: Object) -> None:
    for field in ("uid", "resourceVersion"):
        said = wanted["metadata"].get(field, before["metadata"][field])
        if said != before["metadata"][field]:
            name = before["metadata"]["name"]
            raise Refusal(
                409, "Conflict", f'Operation cannot be fulfilled on {kind.plural} "{name}": its {field} is not {said}'
            )


def _fixed(before: Object) -> Object:
    names = ("uid", "creationTimestamp", "generation", "name", "namespace", "deletionTimestamp", "deletionGracePeriodSeconds")
    return {name: before["metadata"][name] for name in (*names, "resourceVersion") if name in before["metadata"]}


def _spec(of: Object) -> Object:
    return {name: each for name, each in of.items() if name not in ("metadata", "status")}


def _later(stamp: str, seconds: int) -> str:
    at = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) + timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _grace(pod: Object, asked: int | None) -> int:
    """None is given to what no node runs."""
    if not pod["spec"].get("nodeName") or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    if asked is not None:
        return asked
    seconds: int = pod["spec"].get("terminationGracePeriodSeconds", 30)
    return seconds
