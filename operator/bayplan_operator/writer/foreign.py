"""Letting foreign pods through the gate, and telling them why they wait."""

import asyncio
import itertools
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bayplan_operator import metrics, names
from bayplan_operator.kube import errors, paths, wire
from bayplan_operator.kube.api_server import MERGE_PATCH, STRATEGIC_PATCH, ApiServer
from bayplan_operator.translate.foreign.asked import same_labels
from bayplan_operator.translate.foreign.narrowing import narrowing, same_demands
from bayplan_operator.translate.foreign.placed import PLACED, Claim, placed_words, written_condition
from bayplan_operator.translate.own_pod import PodKey
from bayplan_operator.view import PodStore
from bayplan_operator.writer.queue import TRIES, WriteQueue


@dataclass(frozen=True, slots=True)
class LettingGo:
    """A foreign pod for which a place was decided."""

    pod: wire.Pod
    """As it was then."""
    spec: Mapping[str, Any]
    """Its whole spec then."""
    claim: Claim
    others: tuple[str, ...] = ()
    """Other nodes that kube-scheduler may give it instead."""

    @property
    def key(self) -> PodKey:
        """Namespace and name."""
        return self.pod.metadata.namespace, self.pod.metadata.name


class ForeignPodWriter:
    """Writes foreign pods, and gives the server's answers to the store at once."""

    def __init__(self, server: ApiServer, store: PodStore, queue: WriteQueue) -> None:
        self._server, self._store, self._queue = server, store, queue
        self._numbers = itertools.count()
        self._decoder = msgspec.json.Decoder(wire.Pod, strict=False)

    def let_go(self, together: Sequence[LettingGo], now: float) -> None:
        """Record where these pods go; once that stands for all of them, let them go there. What becomes of one only is its own
        affair from then on. The store counts them there already, and is told what came of each."""
        # By number: one of a gang may be tried again while others of it are still on their way.
        key = ("let go", next(self._numbers), *together[0].key)
        self._queue.submit(key, "let pods go", self._let_go(together, now))

    def telling(self, key: PodKey) -> bool:
        """A pod is being told why it waits, or that failed a moment ago."""
        return self._queue.busy(("tell", *key))

    def tell(self, pod: wire.Pod, reason: str, message: str, now: float) -> None:
        """Say in the pod's condition why it waits, unless the pod has changed since it was seen."""
        key = pod.metadata.namespace, pod.metadata.name
        self._queue.submit(("tell", *key), "tell pod", self._tell(key, pod, reason, message, now))

    async def _let_go(self, together: Sequence[LettingGo], now: float) -> None:
        # First the records, then the acts: an operator that is killed between the two leaves all of a gang, or none, on record.
        try:
            on_record = await asyncio.gather(*(self._guarded(each, self._record(each, now)) for each in together))
            whole = all(answer is not None for answer in on_record)
            if whole:
                passing = zip(together, on_record, strict=True)
                await asyncio.gather(*(self._guarded(each, self._pass(each, answer or b"")) for each, answer in passing))
        finally:
            for each in together:
                self._land(each, "GivenUp")  # no effect on those that have landed

    async def _guarded(self, going: LettingGo, step: Coroutine[Any, Any, bytes | None]) -> bytes | None:
        """What a step answers; ``None``: nothing will come of it, and the store knows."""
        try:
            answer = await step
        except errors.NotFound:
            self._land(going, "Gone")
        except errors.ApiError as error:
            metrics.WRITE_FAILURES.labels("let pod go", type(error).__name__).inc()
            cause = _cause(error)
            self._land(going, cause, refusal=(cause, " ".join(str(error).split())[:500]))
        else:
            if answer is None:
                self._land(going, "Changed")
            return answer
        return None

    def _land(self, going: LettingGo, outcome: str, kept: bool = False, refusal: tuple[str, str] | None = None) -> None:
        if self._store.landed(going.key, going.claim.uid, kept=kept, refusal=refusal):
            metrics.LET_GO.labels(outcome).inc()

    async def _record(self, going: LettingGo, now: float) -> bytes | None:
        """The pod with its place on record; ``None``: it is another one by now, or asks something else."""
        words = placed_words(going.claim.queue, going.claim.node)
        condition = written_condition(going.pod, True, PLACED, words, now)
        body = {"metadata": {"uid": going.claim.uid}, "status": {"conditions": [condition]}}
        try:
            answer = await self._patch("record place", f"{paths.pod(*going.key)}/status", body, STRATEGIC_PATCH)
        except errors.Conflict:
            return None  # a pod of the same name that is another
        return answer if self._as_decided(answer, going) else None

    async def _pass(self, going: LettingGo, answer: bytes) -> bytes | None:
        """Let a pod through the gate, as ``answer`` has it; ``None``: it asks something else by now."""
        path, nodes = paths.pod(*going.key), (going.claim.node, *going.others)
        for attempt in range(1, TRIES + 1):
            there = msgspec.json.decode(answer)
            if _is_let_go(there, going, nodes):
                self._store.apply(self._decoder.decode(answer))
                self._land(going, "LetGo", kept=True)
                return answer
            if not self._as_decided(answer, going):
                return None
            try:
                answer = await self._patch("let pod go", path, narrowing(there, nodes, going.claim.gpus), MERGE_PATCH)
            except errors.Conflict:
                metrics.WRITE_RETRIES.labels("let pod go", "Conflict").inc()
                await self._queue.back_off(attempt)
                answer = await self._queue.request("get pod", lambda: self._server.call("GET", path))
        raise errors.Conflict(409, f"the pod has changed {TRIES} times while it was to be let go")

    def _as_decided(self, answer: bytes, going: LettingGo) -> bool:
        """It still waits for us alone, and asks for what was decided on. Otherwise the store gets to know what it is now."""
        if _as_decided(msgspec.json.decode(answer), going):
            return True
        self._store.apply(self._decoder.decode(answer))
        return False

    async def _tell(self, key: PodKey, pod: wire.Pod, reason: str, message: str, now: float) -> None:
        seen = {"uid": pod.metadata.uid, "resourceVersion": pod.metadata.resource_version}
        body = {"metadata": seen, "status": {"conditions": [written_condition(pod, False, reason, message, now)]}}
        try:
            answer = await self._patch("tell pod", f"{paths.pod(*key)}/status", body, STRATEGIC_PATCH)
        except (errors.NotFound, errors.Conflict):
            return  # gone, or it has changed since: the watch tells
        self._store.apply(self._decoder.decode(answer))

    async def _patch(self, what: str, path: str, body: Mapping[str, Any], content_type: str) -> bytes:
        encoded, by = msgspec.json.encode(body), {"fieldManager": names.FIELD_MANAGER}
        return await self._queue.request(what, lambda: self._server.call("PATCH", path, encoded, by, content_type))


def _as_decided(there: Mapping[str, Any], going: LettingGo) -> bool:
    """It still waits for us alone, and asks for what was decided on."""
    metadata, spec = there["metadata"], there["spec"]
    return (
        metadata["uid"] == going.claim.uid
        and "deletionTimestamp" not in metadata
        and [each.get("name") for each in spec.get("schedulingGates") or ()] == [names.GATE]
        and same_labels(metadata.get("labels") or {}, going.pod.metadata.labels)
        and same_demands(spec, going.spec)
    )


def _is_let_go(there: Mapping[str, Any], going: LettingGo, nodes: tuple[str, ...]) -> bool:
    """An answer that was lost had let it go."""
    spec = there["spec"]
    if spec.get("schedulingGates") or there["metadata"]["uid"] != going.claim.uid:
        return False
    wanted = narrowing({**there, "spec": going.spec}, nodes, going.claim.gpus)["spec"]["affinity"]
    return same_demands(spec, {**going.spec, "affinity": wanted})


def _cause(error: errors.ApiError) -> str:
    if isinstance(error, errors.Refused) and errors.denied(error):
        return "Denied"
    return type(error).__name__ if isinstance(error, errors.Invalid | errors.Forbidden) else "ApiServer"
