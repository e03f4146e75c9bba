"""Which waiting requests are asked about."""

from bayplan.cluster.cluster import Cluster
from bayplan.core.waiting import MayFit
from bayplan.model.workload import NodeInfo, Request, RequestClass
from bayplan.strategy.presets import compile_preset


def test_the_next_of_a_class_is_asked_about_also_where_its_class_is_an_equal_object() -> None:
    cluster = Cluster()
    cluster.set_node(NodeInfo("n", {"cpu": 4000}))
    requests = [Request(number, RequestClass((("cpu", 1000),))) for number in range(2)]
    waiting = MayFit(cluster, requests, compile_preset("BestFit"))
    for unit in range(2):
        waiting.add(unit)
    assert waiting.batch() == [0]
    waiting.remove(0)
    waiting.settled()
    assert waiting.batch() == [1]
