"""Creating, deleting, evicting and releasing pods."""

import math
from collections.abc import Callable, Coroutine, MutableMapping
from dataclasses import dataclass
from typing import Any

import msgspec

from bayplan.lifecycle import Refusal
from bayplan_operator import names
from bayplan_operator.kube import errors, paths, wire
from bayplan_operator.kube.api_server import JSON_PATCH, MERGE_PATCH, ApiServer
from bayplan_operator.translate.eviction import marked
from bayplan_operator.translate.own_pod import OwnPod, PodKey, graph_uid_of
from bayplan_operator.view import PodStore
from bayplan_operator.writer.foreign import ForeignPodWriter
from bayplan_operator.writer.queue import TRIES, WriteQueue

_STRICT = {"fieldValidation": "Strict", "fieldManager": names.FIELD_MANAGER}


def _unheard(answer: bytes) -> None:
    """Nothing has to know."""


@dataclass(frozen=True, slots=True)
class Creation:
    """A pod to be created, and the attempt that it is."""

    key: PodKey
    graph_uid: str
    unit: int
    incarnation: int
    manifest: MutableMapping[str, Any]
    made: Callable[[bytes], None] = _unheard
    """Told the pod as the API server has stored it."""


class PodWriter:
    """Writes pods, and gives the server's answers to the store at once."""

    def __init__(
        self,
        server: ApiServer,
        store: PodStore,
        creations: WriteQueue,
        endings: WriteQueue,
        term: Callable[[], int] = lambda: 0,
    ) -> None:
        """``term`` answers how often the Lease had changed hands when this process got it."""
        self._term = term
        self._server = server
        self._store = store
        self._creations = creations
        self._endings = endings
        self._pod = msgspec.json.Decoder(wire.Pod, strict=False)
        self.foreign = ForeignPodWriter(server, store, creations)
        """For pods that are no graph's."""

    def create(self, creation: Creation) -> None:
        """Create a pod that the store already assumes."""
        self._creations.submit(creation.key, "create pod", self._create(creation))

    def delete(self, own: OwnPod) -> bool:
        """Delete a pod, with its own grace period. Answers whether that is newly begun."""
        return self._end(own, "delete pod", self._delete(own))

    def evict(self, own: OwnPod, mark: str, grace: float | None = None) -> bool:
        """Say in a pod for what it has to go, then delete it. Answers whether that is newly begun.

        ``grace``: seconds that it has to end at most; ``None``: what the pod asks for. It is left alone if it has changed.
        """
        return self._end(own, "evict pod", self._evict(own, mark, grace))

    def ending(self, own: OwnPod) -> bool:
        """A write about a pod's end is under way, or one failed a moment ago."""
        return self._endings.busy(own.key)

    def take_back(self, own: OwnPod) -> bool:
        """Delete a pod if it is still as we saw it: not bound. Answers whether that is newly begun."""
        return self._end(own, "take back pod", self._delete(own))

    def release(self, own: OwnPod) -> bool:
        """Remove our finalizer. Answers whether that is newly begun."""
        return self._end(own, "release pod", self._release(own))

    def unlist(self, own: OwnPod) -> None:
        """Have the names of its gang lead to it no more. That waits for no other write: its deletion may be under way."""
        key = ("unlist", *own.key)
        if not self._endings.busy(key):
            self._endings.submit(key, "unlist pod", self._unlist(own))

    def end(self, own: OwnPod) -> None:
        """Nothing can come of the pod any more: delete it if it runs, otherwise remove our finalizer."""
        if not own.terminal and own.pod.metadata.deletion_timestamp is None:
            self.delete(own)
        elif own.held:
            self.release(own)

    def _end(self, own: OwnPod, what: str, write: Coroutine[Any, Any, None]) -> bool:
        if self._endings.busy(own.key):
            write.close()
            return False
        self._endings.submit(own.key, what, write)
        return True

    async def _create(self, creation: Creation) -> None:
        namespace, _ = creation.key
        creation.manifest["metadata"]["annotations"][names.ANNOTATION_TERM] = str(self._term())
        body = msgspec.json.encode(creation.manifest)
        try:
            await self._post_until_known(creation, paths.pods(namespace), body)
            self._store.renounce(creation.key)  # no effect, unless what was answered is older news than the watch's
        except errors.Invalid as error:
            # A webhook that denies without a code of its own is answered with 400; it may think otherwise later.
            denied = errors.denied(error)
            self._refuse(creation, "Denied" if denied else "Invalid", error.message, final=not denied)
        except errors.Forbidden as error:
            quota = "exceeded quota" in error.message
            self._refuse(creation, "ResourceQuotaExceeded" if quota else "Forbidden", error.message, final=False)
        except errors.Conflict as error:
            self._refuse(creation, "NameTaken", error.message, final=False)
        except errors.ApiError as error:
            self._refuse(creation, "ApiServer", str(error), final=False)

    async def _post_until_known(self, creation: Creation, path: str, body: bytes) -> None:
        """Post; when no answer came, ask whether the pod is there before posting again."""
        for attempt in range(1, TRIES + 1):
            try:
                answer = await self._creations.request(
                    "create pod", lambda: self._server.call("POST", path, body, _STRICT), repeatable=False
                )
                self._store.apply(self._pod.decode(answer))
                creation.made(answer)
                return
            except errors.AlreadyExists:
                await self._adopt(creation)
                return
            except errors.Unreachable:
                if await self._found(creation):
                    return
                if attempt == TRIES:
                    raise
                await self._creations.back_off(attempt)

    async def _found(self, creation: Creation) -> bool:
        try:
            await self._adopt(creation)
        except errors.NotFound:
            return False
        return True

    async def _adopt(self, creation: Creation) -> None:
        """The pod is there already: take it if it is what is wanted. Raises ``Conflict`` if it is not.

        One that an earlier operator made, for another node than is decided now, is deleted, unless a node has it already.
        """
        path = paths.pod(*creation.key)
        answer = await self._creations.request("get pod", lambda: self._server.call("GET", path))
        pod = self._pod.decode(answer)
        digest = creation.manifest["metadata"]["annotations"][names.ANNOTATION_TEMPLATE_HASH]
        ours = (
            graph_uid_of(pod) == creation.graph_uid
            and pod.metadata.annotations.get(names.ANNOTATION_TEMPLATE_HASH) == digest
            and pod.metadata.deletion_timestamp is None
        )
        meant_for = pod.metadata.annotations.get(names.ANNOTATION_NODE)
        earlier = _number(pod.metadata.annotations.get(names.ANNOTATION_TERM)) < self._term()
        if (
            ours
            and earlier
            and not pod.spec.node_name
            and meant_for != creation.manifest["metadata"]["annotations"][names.ANNOTATION_NODE]
        ):
            await self._end_of(creation.key, pod)
            raise errors.Conflict(409, "an earlier operator had made it for another node: it is deleted, and made again")
        if not ours:
            raise errors.Conflict(409, f"a pod named {creation.key[1]} exists and was not made for this attempt: delete it")
        self._store.apply(pod)

    def _refuse(self, creation: Creation, cause: str, message: str, *, final: bool) -> None:
        refusal = Refusal(creation.unit, creation.incarnation, final, cause, " ".join(message.split())[:500])
        self._store.refuse(creation.key, creation.graph_uid, refusal)

    async def _delete(self, own: OwnPod) -> None:
        await self._end_of(own.key, own.pod)

    async def _evict(self, own: OwnPod, mark: str, grace: float | None) -> None:
        pod = own.pod
        if marked(pod) != mark:  # else an operator before this one has done that
            as_seen = {"uid": pod.metadata.uid, "resourceVersion": pod.metadata.resource_version}
            metadata = {**as_seen, "annotations": {names.ANNOTATION_PREEMPTED_BY: mark}}
            body, path = msgspec.json.encode({"metadata": metadata}), paths.pod(*own.key)
            try:
                answer = await self._endings.request(
                    "mark pod", lambda: self._server.call("PATCH", path, body, content_type=MERGE_PATCH)
                )
            except errors.NotFound:
                return  # gone: the watch tells
            except errors.Conflict:
                self._take_answer(await self._read(own.key))
                return  # whether it still has to go is decided by what it is now
            pod = self._pod.decode(answer)
            self._store.apply(pod)
        await self._end_of(own.key, pod, grace)

    async def _end_of(self, key: PodKey, pod: wire.Pod, grace: float | None = None) -> None:
        """Delete a pod if it is still as it was seen."""
        as_seen = {"uid": pod.metadata.uid, "resourceVersion": pod.metadata.resource_version}
        options: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": as_seen}
        if grace is not None and grace < pod.spec.termination_grace_period_seconds:
            options["gracePeriodSeconds"] = max(1, math.ceil(grace))  # 0 would not wait for the kubelet
        body = msgspec.json.encode(options)
        try:
            answer = await self._endings.request("delete pod", lambda: self._server.call("DELETE", paths.pod(*key), body))
        except errors.NotFound:
            return  # gone: the watch tells
        except errors.Conflict:
            answer = await self._read(key)  # else the same would be asked again and again, until the watch tells
        self._take_answer(answer)

    async def _read(self, key: PodKey) -> bytes:
        """The pod as it is now; nothing if it is gone."""
        try:
            return await self._endings.request("get pod", lambda: self._server.call("GET", paths.pod(*key)))
        except errors.NotFound:
            return b"{}"

    async def _release(self, own: OwnPod) -> None:
        place = f"/metadata/finalizers/{own.pod.metadata.finalizers.index(names.FINALIZER)}"
        await self._take_off(own, "release pod", place, names.FINALIZER)

    async def _unlist(self, own: OwnPod) -> None:
        place = f"/metadata/labels/{names.LABEL_GANG.replace('/', '~1')}"
        await self._take_off(own, "unlist pod", place, own.pod.metadata.labels[names.LABEL_GANG])

    async def _take_off(self, own: OwnPod, what: str, place: str, value: str) -> None:
        """Remove a part of the pod's metadata, if it is what was seen there."""
        body = msgspec.json.encode(
            [
                {"op": "test", "path": "/metadata/uid", "value": own.pod.metadata.uid},
                {"op": "test", "path": place, "value": value},
                {"op": "remove", "path": place},
            ]
        )
        path = paths.pod(*own.key)
        try:
            answer = await self._endings.request(what, lambda: self._server.call("PATCH", path, body, content_type=JSON_PATCH))
        except (errors.NotFound, errors.Conflict, errors.Invalid):
            return  # gone, or it has changed since: the watch tells
        self._take_answer(answer)

    def _take_answer(self, answer: bytes) -> None:
        try:
            pod = self._pod.decode(answer)
        except msgspec.ValidationError:
            return  # a Status and not a pod: it is gone, and the watch tells
        if pod.metadata.uid and pod.spec.containers:
            self._store.apply(pod)


def _number(text: str | None) -> int:
    """The term that an annotation says; 0 where it says none: it was edited, or is of a version before."""
    return int(text) if text is not None and text.isdecimal() else 0
