"""kwok: one process that plays the kubelets of all simulated nodes."""

from __future__ import annotations

import math
from pathlib import Path

import yaml

from .processes import Process, spawn

STAGES = Path(__file__).with_name("stages.yaml")
NODE_ANNOTATION = "kwok.x-k8s.io/node"
KUBELET_LABEL = "sim.bayplan.dev/kubelet"
RUNNING, STOPPED = "running", "stopped"
_RENEWALS_PER_LEASE = 4  # kwok renews a Lease four times in its duration
RENEWALS_PER_GRACE = 3


def start(binaries: Path, directory: Path, kubeconfig: Path, grace_period: float, *, keep: bool) -> Process:
    """Start kwok. `grace_period` (seconds) is the controller manager's; Leases are renewed three times within it."""
    config = directory / "kwok.yaml"
    config.write_text(f"{yaml.safe_dump(_configuration(grace_period))}---\n{STAGES.read_text()}")
    command = [
        str(binaries / "kwok"),
        f"--config={config}",
        f"--kubeconfig={kubeconfig}",
        "--manage-all-nodes=false",
        # The annotation leaves real kubelets alone. kwok looks at it only itself, so that removing it would not stop
        # the Lease; the label is the API server's to select by, and changing it does.
        f"--manage-nodes-with-annotation-selector={NODE_ANNOTATION}=fake",
        f"--manage-nodes-with-label-selector={KUBELET_LABEL}={RUNNING}",
    ]
    return spawn(command, directory / "kwok.log", keep=keep)


def renewals_per_second(nodes: int, grace_period: float) -> float:
    """Lease renewals per second that `nodes` simulated nodes cost."""
    return nodes * _RENEWALS_PER_LEASE / _lease_seconds(grace_period)


def _lease_seconds(grace_period: float) -> int:
    return max(2, math.ceil(grace_period * _RENEWALS_PER_LEASE / RENEWALS_PER_GRACE))


def _configuration(grace_period: float) -> dict[str, object]:
    return {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokConfiguration",
        "metadata": {"name": "kwok"},
        "options": {
            "cidr": "10.128.0.0/9",
            "podPlayStageParallelism": 32,
            "nodePlayStageParallelism": 16,
            "nodeLeaseParallelism": 16,
            # Without it no worker looks after the pods of a node that comes back: a given document has no defaults.
            "podsOnNodeSyncParallelism": 4,
            "enablePodsOnNodeSyncListPager": True,
            "nodeLeaseDurationSeconds": _lease_seconds(grace_period),
        },
    }
