"""A copy of the cluster stays as it was, and answers as the original did."""

from __future__ import annotations

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Fit
from bayplan.cluster.snapshot import snapshot
from bayplan.model.constraints import Taint
from bayplan.model.gpu import GpuAsk, Gpus, GpuUse
from bayplan.model.workload import NodeInfo, RequestClass

ASKED = RequestClass((("cpu", 1000), ("gpu", 1)), (("zone", "a"),), gpus=GpuAsk(1))


def cluster() -> Cluster:
    made = Cluster()
    for number in range(6):
        taints = (Taint("k", "v", "NoSchedule"),) if number == 5 else ()
        labels = {"zone": "ab"[number % 2]}
        made.set_node(
            NodeInfo(f"n{number}", {"cpu": 4000, "gpu": 2}, labels, taints, gpus=Gpus(2), node_class=f"c{number % 3}")
        )
    made.occupy("pod", "n0", {"cpu": 3000, "gpu": 1}, GpuUse(GpuAsk(1)))
    return made


def columns(of: Cluster) -> list[object]:
    fit = Fit(ASKED, ())
    fit.refresh(of)
    arrays = (of.allocatable, of.used, of.present, of.ready, of.cordoned, of.node_class, of.gpu_free, of.name_rank, fit.codes)
    return [of.names.copy(), of.node_classes.copy(), len(of), *(each.tolist() for each in arrays)]


def change_everything(of: Cluster) -> None:
    of.occupy("other", "n2", {"cpu": 1000, "gpu": 2, "memory": 5}, GpuUse(GpuAsk(2)))
    of.vacate("pod")
    of.remove_node("n4")
    of.set_node(NodeInfo("n1", {"cpu": 9, "gpu": 8}, {"zone": "a"}, ready=False, gpus=Gpus(8), node_class="new"))
    for number in range(40):
        of.set_node(NodeInfo(f"later{number}", {"cpu": 4000}, {"zone": "a"}))


def test_it_says_what_the_original_said_whatever_happens_to_that() -> None:
    original = cluster()
    before = columns(original)
    copy = snapshot(original)
    change_everything(original)
    after = columns(original)
    assert after != before
    assert columns(copy) == before


def test_looking_at_the_copy_changes_nothing_in_the_original() -> None:
    original = cluster()
    columns(original)
    labels, memo = dict(original.labels._columns), len(original.static_memo._made)
    copy = snapshot(original)
    unknown = RequestClass((("cpu", 7),), (("nobody", "asked"),))
    Fit(unknown, ()).refresh(copy)
    assert original.labels._columns == labels
    assert len(original.static_memo._made) == memo
    assert np.shares_memory(copy.used, original.used) is False
