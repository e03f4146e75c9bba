"""A small graph as the API server gives it: prepare -> train (two shards, one of which failed once) -> check."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from bayplan.model.workload import NodeInfo
from bayplan_operator.kube import wire
from bayplan_operator.translate.task_graph import prepare
from bayplan_operator.views.graphs import build
from bayplan_operator.views.graphs.build import Seen
from bayplan_operator.views.model.graph import LiveGraph

UID = "11111111-2222-3333-4444-555555555555"
EPOCH = datetime(2030, 1, 1, 12, 0, 0, tzinfo=UTC).timestamp()
_GPU = {"resources": {"requests": {"cpu": "4", "memory": "8Gi"}, "limits": {"nvidia.com/gpu": 2}}}

SUCCEEDED = (
    "prepare Succeeded 1/0 cpu-0 0+2",
    "train Succeeded 1/0 gpu-0 2+4 | Succeeded 2/1 gpu-1 4+4",
    "check Succeeded 1/0 cpu-0 8+2",
)
RUNNING = (
    "prepare Succeeded 1/0 cpu-0 0+2",
    "train Running 1/0 gpu-0 2 | Ready 1/1 >5",
    "check Pending",
)
NODES = {
    "cpu-0": NodeInfo("cpu-0", {"cpu": 8000, "memory": 2**34}),
    "gpu-0": NodeInfo("gpu-0", {"cpu": 16000, "memory": 2**36, "nvidia.com/gpu": 4}),
    "gpu-1": NodeInfo("gpu-1", {"cpu": 16000, "memory": 2**36, "nvidia.com/gpu": 8}),
    "idle-0": NodeInfo("idle-0", {"cpu": 8000}),
}


def raw(lines: tuple[str, ...] = SUCCEEDED, **status: Any) -> dict[str, Any]:
    """The TaskGraph; it was accepted at EPOCH."""
    return {
        "apiVersion": "bayplan.dev/v1alpha1",
        "kind": "TaskGraph",
        "metadata": {"name": "sample", "namespace": "team", "uid": UID, "creationTimestamp": stamp(0)},
        "spec": {
            "priority": 7,
            "template": {"spec": {"containers": [{"image": "i", "resources": {"requests": {"cpu": "2"}}}]}},
            "tasks": [
                {"name": "prepare", "expectedDuration": "2s"},
                {
                    "name": "train",
                    "dependsOn": [{"task": "prepare"}],
                    "shards": 2,
                    "expectedDuration": "10s",
                    "template": {"spec": {"containers": [_GPU]}},
                },
                {"name": "check", "dependsOn": [{"task": "train"}], "expectedDuration": "3s"},
            ],
        },
        "status": {"acceptedAt": "2030-01-01T12:00:00.000000Z", "tasks": list(lines), **status},
    }


def over(kind: str = "Complete", message: str = "all 3 tasks have succeeded") -> dict[str, Any]:
    """The status of a graph that came to its end."""
    return {
        "summary": "Succeeded" if kind == "Complete" else "Failed",
        "progress": "3/3",
        "completionTime": stamp(10),
        "conditions": [{"type": kind, "status": "True", "reason": "R", "message": message}],
    }


def running(message: str = "") -> dict[str, Any]:
    """The status of a graph that runs, with what the condition Waiting says."""
    waiting = {"type": "Waiting", "status": "True", "reason": "R", "message": message}
    return {"summary": "Running", "progress": "1/3", "conditions": [waiting] if message else []}


def stamp(second: float) -> str:
    return datetime.fromtimestamp(EPOCH + second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pod(task: str, shard: int, number: int, node: str, phase: str, start: int, end: int | None = None, **more: Any) -> wire.Pod:
    """One attempt's pod. `more`: exit_code, message, reason of its container; owner_uid; round; disrupted: why evicted."""
    if end is None:
        state: dict[str, Any] = {"running": {"startedAt": stamp(start)}}
    else:
        state = {
            "terminated": {
                "startedAt": stamp(start),
                "finishedAt": stamp(end),
                "exitCode": more.get("exit_code", 0),
                "reason": more.get("reason", "Completed"),
                "message": more.get("message", ""),
            }
        }
    owner = {
        "apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "controller": True,
        "name": "sample", "uid": more.get("owner_uid", UID),
    }  # fmt: skip
    labels = {"bayplan.dev/task": task, "bayplan.dev/shard": str(shard), "bayplan.dev/incarnation": str(number)}
    body = {
        "metadata": {
            "name": f"{task}-{shard}-{number}",
            "namespace": "team",
            "labels": labels,
            "annotations": {
                "bayplan.dev/why": f"best fit for {task}",
                **({"bayplan.dev/round": str(more["round"])} if "round" in more else {}),
            },
            "ownerReferences": [owner],
        },
        "spec": {"nodeName": node},
        "status": {
            "phase": phase,
            "conditions": [
                {"type": "DisruptionTarget", "status": "True", "reason": each} for each in [more.get("disrupted")] if each
            ],
            "containerStatuses": [{"name": "main", "state": state}],
        },
    }
    return msgspec.convert(body, wire.Pod, strict=False)


PODS = (
    pod("prepare", 0, 1, "cpu-0", "Succeeded", 0, 2),
    pod("train", 0, 1, "gpu-0", "Succeeded", 2, 6),
    pod("train", 1, 1, "gpu-0", "Failed", 2, 3, exit_code=1, reason="Error", message="bad batch"),
    pod("train", 1, 2, "gpu-1", "Succeeded", 4, 8),
    pod("check", 0, 1, "cpu-0", "Succeeded", 8, 10),
)


def report(
    graph: dict[str, Any] | None = None, pods: tuple[wire.Pod, ...] = PODS, nodes: Any = NODES, now: float = EPOCH + 10
) -> LiveGraph:
    """The report of the sample graph; succeeded unless told otherwise."""
    graph = raw(**over()) if graph is None else graph
    return build.report(Seen(graph, prepare({**graph, "status": {}}), pods, nodes, now))
