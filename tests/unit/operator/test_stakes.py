"""What evicting a pod would cost, as the cluster is told it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.model.occupant import Tenant
from bayplan.model.stake import Stake
from bayplan.model.workload import NodeInfo
from bayplan_operator.view import PodStore
from bayplan_operator.view.stakes import Worth, checkpointed_at
from tests.unit.operator.test_attempt import pod

KEY = "ns", "p"
WORTH = Worth(("u", "unit", 1), 7, started=100.0, evictions=2, checkpoint_every=60.0, restart=3.0, slack=-5.0)


def store() -> PodStore:
    cluster = Cluster()
    cluster.set_node(NodeInfo("n1", {"cpu": 4000}))
    return PodStore(cluster, lambda: 0.0, lambda: None)


def tenant(pods: PodStore) -> Tenant:
    found = pods._cluster.occupants("n1")[KEY].tenant
    assert found is not None
    return found


def test_it_is_of_the_graph_and_of_the_pod() -> None:
    pods = store()
    said = {"bayplan.dev/node": "n1", "bayplan.dev/checkpointed-at": "2026-01-01T00:00:09Z"}
    pods.apply(pod({"phase": "Running"}, {"terminationGracePeriodSeconds": 12, "priority": 1000}, annotations=said))
    assert tenant(pods).stake is None, "nothing is known of it, so it must not be evicted"
    pods.value(KEY, WORTH)
    at = checkpointed_at(said)
    assert tenant(pods).stake == Stake(("u", "unit", 1), False, 100.0, 2, 60.0, at, 3.0, 12.0, -5.0)
    assert tenant(pods).priority == 7, "that of its graph"
    pods.value(KEY, None)
    assert tenant(pods).stake is None


def test_it_may_be_told_before_the_pod_is_seen_and_goes_with_it() -> None:
    pods = store()
    pods.value(KEY, WORTH)
    seen = pod({"phase": "Running"})
    pods.apply(seen)
    assert tenant(pods).stake is not None
    gone = replace_version(seen, "6")
    pods.remove(gone)
    pods.apply(replace_version(seen, "7"))
    assert tenant(pods).stake is None


@pytest.mark.parametrize("text", ["", "soon", "2026-01-01T00:00:09", "1" * 80, "9999999-01-01T00:00:00Z"])
def test_what_cannot_be_read_says_nothing(text: str) -> None:
    assert checkpointed_at({"bayplan.dev/checkpointed-at": text}) is None


def test_what_is_known_of_a_tenant_beside_does_not_change() -> None:
    pods = store()
    pods.apply(pod({"phase": "Running"}))
    before = tenant(pods)
    pods.value(KEY, WORTH)
    assert replace(tenant(pods), stake=None, priority=before.priority) == before


def replace_version(seen: msgspec.Struct, version: str) -> msgspec.Struct:
    return msgspec.structs.replace(seen, metadata=msgspec.structs.replace(seen.metadata, resource_version=version))  # type: ignore[attr-defined]
