import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.model.gpu import GpuAsk, Gpus, GpuUse
from bayplan.model.reasons import Reason
from bayplan.model.workload import NodeInfo, RequestClass
from tests.unit.placement.building import SPREAD, cluster, decide, refusal
from tests.unit.placement.test_greedy import snapshot

MILLI = "bayplan.dev/gpu-milli"


def node(name: str, count: int, model: str = "T4", memory: int = 16) -> NodeInfo:
    resources = {"cpu": 64_000, "pods": 110, MILLI: 1000 * count}
    return NodeInfo(name, resources, gpus=Gpus(count, model, memory))


def asking(count: int = 1, thousandths: int = 1000, models: tuple[str, ...] = (), memory: int = 0) -> RequestClass:
    ask = GpuAsk(count, thousandths, models, memory)
    return RequestClass((("cpu", 1000), (MILLI, ask.total), ("pods", 1)), gpus=ask)


def use(on: Cluster, key: object, name: str, thousandths: int, *devices: int, count: int = 1) -> None:
    ask = GpuAsk(count, thousandths)
    on.occupy(key, name, {MILLI: ask.total}, GpuUse(ask, devices))


def free(on: Cluster, name: str) -> list[int]:
    return [device.free for device in on.gpus(name)]


def test_a_node_knows_its_single_gpus() -> None:
    one = cluster(node("a", 2, "A100", 80))
    use(one, "p", "a", 300, 1)
    assert [(each.index, each.model, each.memory, each.free) for each in one.gpus("a")] == [
        (0, "A100", 80, 1000),
        (1, "A100", 80, 700),
    ]
    assert one.gpus("other") == []


def test_a_fraction_goes_to_the_tightest_gpu_that_holds_it() -> None:
    one = cluster(node("a", 3))
    use(one, "p", "a", 300, 1)
    use(one, "q", "a", 600, 2)
    (decision,) = decide(one, [asking(thousandths=400)])
    assert (decision.node, decision.gpus) == ("a", (2,))
    (decision,) = decide(one, [asking(thousandths=500)])
    assert decision.gpus == (1,)


def test_a_sum_of_free_thousandths_is_not_enough() -> None:
    one = cluster(node("a", 2))
    use(one, "p", "a", 600, 0)
    use(one, "q", "a", 600, 1)
    reason, message = refusal(one, asking(thousandths=500))
    assert reason is Reason.NO_CAPACITY
    assert message == "0/1 nodes: 1 has no GPU with as much free (500/1000 asked)"


def test_whole_gpus_need_wholly_free_ones() -> None:
    one = cluster(node("a", 4))
    use(one, "p", "a", 100, 1)
    (decision,) = decide(one, [asking(3)])
    assert decision.gpus == (0, 2, 3)
    use(one, "q", "a", 100, 2)
    reason, message = refusal(one, asking(3))
    assert (reason, message) == (Reason.NO_CAPACITY, "0/1 nodes: 1 has too few wholly free GPUs (3 asked)")


def test_a_batch_never_puts_two_of_600_on_one_gpu() -> None:
    decisions = decide(cluster(node("a", 2)), [asking(thousandths=600)] * 3)
    assert [(each.node, each.gpus) for each in decisions] == [("a", (0,)), ("a", (1,)), (None, ())]


def test_models_are_alternatives() -> None:
    three = cluster(node("a", 8, "T4"), node("b", 1, "P100"), node("c", 1, "V100"))
    assert [each.node for each in decide(three, [asking(models=("V100", "P100"))] * 3)] == ["b", "c", None]


def test_no_acceptable_model_is_no_such_node() -> None:
    two = cluster(node("a", 1, "T4"), node("b", 1, "T4"))
    reason, message = refusal(two, asking(models=("A100", "H100")))
    assert (reason, message) == (Reason.NO_SUCH_NODE, "0/2 nodes: 2 have GPUs of another model (A100 or H100 asked)")


def test_too_little_gpu_memory_is_said() -> None:
    reason, message = refusal(cluster(node("a", 1, memory=2**34)), asking(memory=2**35))
    assert (reason, message) == (Reason.NO_SUCH_NODE, "0/1 nodes: 1 has GPUs with too little memory (32Gi asked)")


def test_more_gpus_than_any_node_has() -> None:
    few = RequestClass((("cpu", 1),), gpus=GpuAsk(3))
    assert refusal(cluster(node("a", 2)), few) == (Reason.NO_SUCH_NODE, "0/1 nodes: 1 has too few GPUs")


def test_pods_whose_gpus_are_not_known_are_charged_where_they_fit() -> None:
    one = cluster(node("a", 2))
    use(one, "p", "a", 600)
    use(one, "q", "a", 600)
    use(one, "r", "a", 400)
    assert free(one, "a") == [0, 400]
    one.vacate("p")
    assert free(one, "a") == [600, 400]


def test_more_than_there_is_is_counted_and_given_back() -> None:
    one = cluster(node("a", 1))
    use(one, "p", "a", 600)
    use(one, "q", "a", 600)
    use(one, "r", "a", 1000, count=2)
    assert free(one, "a") == [-1200]
    for key in "pqr":
        one.vacate(key)
    assert free(one, "a") == [1000]


def test_gpus_that_do_not_exist_are_charged_to_some_that_do() -> None:
    one = cluster(node("a", 2))
    use(one, "p", "a", 300, 7)
    assert free(one, "a") == [700, 1000]


def test_a_node_that_comes_later_or_anew_has_its_pods_on_the_same_gpus() -> None:
    one = Cluster()
    use(one, "later", "a", 500)
    use(one, "known", "a", 700, 0)
    one.set_node(node("a", 2))
    assert free(one, "a") == [300, 500]
    one.remove_node("a")
    assert one.gpus("a") == []
    one.set_node(node("a", 4))
    assert free(one, "a") == [300, 500, 1000, 1000]


def test_a_node_that_changes_its_gpus_keeps_what_is_used() -> None:
    one = cluster(node("a", 1))
    use(one, "p", "a", 500, 0)
    one.set_node(node("a", 2, "A100"))
    assert free(one, "a") == [500, 1000]
    one.set_node(NodeInfo("a", {"cpu": 1000}))
    assert one.gpus("a") == []
    one.vacate("p")
    one.set_node(node("a", 1))
    assert free(one, "a") == [1000]


def test_trials_with_gpus_are_undone_to_the_byte() -> None:
    two = cluster(node("a", 2), node("b", 8))
    use(two, "p", "a", 300, 1)
    before = snapshot(two)
    decide(two, [asking(2), asking(thousandths=300), asking(4)], SPREAD)
    assert snapshot(two) == before


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ((0,), "gpus.count is 0: it must be at least 1; ask for no GPUs by leaving gpus out"),
        ((1, 0), "gpus.thousandths is 0: it must be from 1 to 1000"),
        ((1, 1001), "gpus.thousandths is 1001: it must be from 1 to 1000"),
        ((2, 500), "gpus.thousandths is 500 of 2 GPUs: a fraction must be of one GPU only"),
        ((1, 1000, (), -1), "gpus.memory is -1: it must not be negative"),
    ],
)
def test_what_cannot_be_asked(figures: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        GpuAsk(*figures)  # type: ignore[arg-type]


def test_no_negative_gpus() -> None:
    with pytest.raises(ValueError, match=r"gpus\.count is -1 and gpus\.memory 0: neither may be negative"):
        Gpus(-1)
