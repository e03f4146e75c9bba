"""`bayplan release`: remove our finalizers when there is no operator any more to do it."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec

from bayplan_operator import names
from bayplan_operator.kube import configuration, errors, paths, wire
from bayplan_operator.kube.api_server import MERGE_PATCH, ApiServer

_AT_ONCE = 16


class _Pods(msgspec.Struct):
    metadata: wire.ListMetadata
    items: list[wire.Pod]


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "release",
        help="remove Bayplan's finalizers from all pods",
        description="Remove Bayplan's finalizers from all pods, so that they can be deleted when no operator runs any more. "
        "With an operator running, finished work that it has not recorded yet may be done again.",
    )
    parser.add_argument("--kubeconfig", type=Path)
    parser.add_argument("--namespace", "-n", help="default: all namespaces")
    parser.set_defaults(run=lambda arguments: asyncio.run(_release(arguments)))


async def _release(arguments: argparse.Namespace) -> int:
    path = paths.pods(arguments.namespace) if arguments.namespace else paths.PODS
    async with ApiServer(configuration.load(arguments.kubeconfig)) as server:
        pods = msgspec.json.decode(await server.call("GET", path), type=_Pods, strict=False).items
        held = [pod for pod in pods if names.FINALIZER in pod.metadata.finalizers]
        slots = asyncio.Semaphore(_AT_ONCE)
        failed = sum(await asyncio.gather(*(_release_one(server, pod, slots) for pod in held)))
    print(f"released {len(held) - failed} of {len(held)} pods")
    return 1 if failed else 0


async def _release_one(server: ApiServer, pod: wire.Pod, slots: asyncio.Semaphore) -> bool:
    """Answers whether it failed."""
    metadata = pod.metadata
    rest = [finalizer for finalizer in metadata.finalizers if finalizer != names.FINALIZER]
    body = msgspec.json.encode(
        {"metadata": {"uid": metadata.uid, "resourceVersion": metadata.resource_version, "finalizers": rest}}
    )
    try:
        async with slots:
            await server.call("PATCH", paths.pod(metadata.namespace, metadata.name), body, content_type=MERGE_PATCH)
    except errors.NotFound:
        return False
    except errors.ApiError as error:
        print(f"pod {metadata.namespace}/{metadata.name}: {error}", file=sys.stderr)
        return True
    return False
