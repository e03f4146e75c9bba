"""`bayplan release`: remove our finalizers when there is no operator any more to do it."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from bayplan_operator import names
from bayplan_operator.cli.cluster import kubeconfig, lists
from bayplan_operator.cli.cluster.connection import connected
from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.cli.release import ReleaseOptions
from bayplan_operator.kube import errors, paths, wire
from bayplan_operator.kube.api_server import MERGE_PATCH, ApiServer
from bayplan_operator.settings import LEASE_NAME

_AT_ONCE = 16
_LEASE_HELD = 120
"""Seconds for which no operator starts to decide after a release."""


class _Held(NamedTuple):
    """An object that carries a finalizer of ours."""

    name: str
    """As people are told it."""
    path: str
    metadata: wire.Metadata
    finalizer: str

    @classmethod
    def pod(cls, metadata: wire.Metadata) -> "_Held":
        path = paths.pod(metadata.namespace, metadata.name)
        return cls(f"pod {metadata.namespace}/{metadata.name}", path, metadata, names.FINALIZER)

    @classmethod
    def queue(cls, metadata: wire.Metadata) -> "_Held":
        return cls(f"queue {metadata.name}", paths.queue(metadata.name), metadata, names.QUEUE_FINALIZER)


class _LeaseSpec(msgspec.Struct, rename="camel"):
    lease_duration_seconds: int = 15
    holder_identity: str = ""


class _Lease(msgspec.Struct):
    spec: _LeaseSpec = msgspec.field(default_factory=_LeaseSpec)


def run(options: ReleaseOptions) -> int:
    """Answers the exit code. Raises `ApiError`."""
    return asyncio.run(_release(options))


async def _release(options: ReleaseOptions) -> int:
    path = paths.pods(options.namespace) if options.namespace else paths.PODS
    async with connected(kubeconfig.target(options), options.request_timeout) as server:
        await _stop_operator(server, f"{paths.leases(options.lease_namespace)}/{LEASE_NAME}")
        pods = [pod.metadata for pod in await lists.pods(server, path)]
        failed = await _release_all(server, [_Held.pod(each) for each in pods if names.FINALIZER in each.finalizers], "pods")
        if not options.namespace:  # queues are of no namespace
            queues = [msgspec.convert(raw["metadata"], wire.Metadata) for raw in await _queues(server)]
            in_use = [_Held.queue(each) for each in queues if names.QUEUE_FINALIZER in each.finalizers]
            failed += await _release_all(server, in_use, "queues") if in_use else 0
    return ExitCode.FAILED if failed else ExitCode.DONE


async def _queues(server: ApiServer) -> Sequence[Mapping[str, Any]]:
    try:
        return await lists.kind(server, paths.QUEUES)
    except errors.NotFound:
        return ()  # the kind is not installed


async def _release_all(server: ApiServer, held: Sequence["_Held"], what: str) -> int:
    """Answers how many failed."""
    slots = asyncio.Semaphore(_AT_ONCE)
    failed = sum(await asyncio.gather(*(_release_one(server, each, slots) for each in held)))
    print(f"released {len(held) - failed} of {len(held)} {what}")
    return failed


async def _stop_operator(server: ApiServer, path: str) -> None:
    """Take the Lease by force, and wait until its holder must have stopped deciding."""
    for last in (False, False, False, False, True):
        try:
            before = await _take_lease(server, path)
            break
        except errors.NotFound:
            return  # no operator has ever run
        except errors.Conflict:
            if last:
                raise
    if before.holder_identity:
        print(f"took the Lease of {before.holder_identity}; waiting {before.lease_duration_seconds} s until it has stopped")
        await asyncio.sleep(before.lease_duration_seconds)


async def _take_lease(server: ApiServer, path: str) -> _LeaseSpec:
    """The previous holder. Raises ``Conflict`` where the holder renewed it in the same moment."""
    answer = await server.call("GET", path)
    lease = msgspec.json.decode(answer)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    lease["spec"] |= {
        "holderIdentity": "bayplan release", "leaseDurationSeconds": _LEASE_HELD, "acquireTime": now, "renewTime": now
    }  # fmt: skip
    await server.call("PUT", path, msgspec.json.encode(lease))
    return msgspec.json.decode(answer, type=_Lease).spec


async def _release_one(server: ApiServer, held: "_Held", slots: asyncio.Semaphore) -> bool:
    """Answers whether it failed."""
    metadata = held.metadata
    rest = [finalizer for finalizer in metadata.finalizers if finalizer != held.finalizer]
    body = msgspec.json.encode(
        {"metadata": {"uid": metadata.uid, "resourceVersion": metadata.resource_version, "finalizers": rest}}
    )
    try:
        async with slots:
            await server.call("PATCH", held.path, body, content_type=MERGE_PATCH)
    except errors.NotFound:
        return False
    except errors.ApiError as error:
        print(f"{held.name}: {error}", file=sys.stderr)
        return True
    return False
