import pytest

from bayplan.core.engine import place
from bayplan.model.decision import Decision
from bayplan.model.workload import Gang, Request
from bayplan.strategy.assigning.auto import SMALL
from bayplan.strategy.compile import StrategyError
from bayplan.strategy.context import Context
from bayplan.strategy.presets import PRESETS, compile_preset
from tests.unit.placement.building import asking, cluster, node

AUTO = compile_preset("Auto")


def decided(*requests: Request, cpus: tuple[int, ...] = (8, 8)) -> list[Decision]:
    on = cluster(*(node(f"n{number}", cpu=cpu) for number, cpu in enumerate(cpus)))
    return place(requests, on, AUTO, Context(now=100))


def picked(*requests: Request, cpus: tuple[int, ...] = (8, 8)) -> set[str]:
    """What the decisions say was picked."""
    return {each.message.split(";")[0] for each in decided(*requests, cpus=cpus) if each.node}


def test_one_pod() -> None:
    assert picked(Request(0, asking(1), deadline=500)) == {"auto: one pod, greedy"}


def test_a_deadline_goes_by_slack() -> None:
    requests = [Request("none", asking(8)), Request("tight", asking(8), deadline=200), Request("late", asking(8), deadline=900)]
    assert picked(*requests) == {"auto: deadlines, greedy by least slack"}
    assert [each.node is not None for each in decided(*requests)] == [False, True, True]


def test_priority_goes_before_any_deadline() -> None:
    requests = [Request("tight", asking(8), 0, deadline=101), Request("high", asking(8), 1)]
    assert [each.node for each in decided(*requests, cpus=(8,))] == [None, "n0"]


def test_a_gang() -> None:
    requests = [Request(n, asking(4), gang=Gang("g")) for n in range(3)]
    assert picked(*requests) == {"auto: gangs, greedy, whole gangs only"}
    assert [each.node for each in decided(*requests, cpus=(8,))] == [None] * 3


def test_a_graph_goes_by_critical_path() -> None:
    requests = [Request("short", asking(8), critical_path=1), Request("long", asking(8), critical_path=9)]
    assert picked(*requests) == {"auto: a graph, greedy by critical path"}
    assert [each.node for each in decided(*requests, cpus=(8,))] == [None, "n0"]


def test_a_batch_that_fits() -> None:
    assert picked(*(Request(n, asking(2)) for n in range(4))) == {"auto: a batch, greedy, largest first"}


def test_a_batch_that_greedy_cannot_place_whole_is_solved() -> None:
    # 6 + 3 + 2 and 4 + 4 + 3 fill both nodes; largest first, best fit begins with 6 + 4.
    requests = [Request(n, asking(size)) for n, size in enumerate([6, 4, 4, 3, 3, 2])]
    on = cluster(node("n0", cpu=11), node("n1", cpu=11))
    greedy = place(requests, on, compile_preset("BestFit"), Context())
    assert sum(each.node is None for each in greedy) == 1
    decisions = decided(*requests, cpus=(11, 11))
    assert None not in [each.node for each in decisions]
    assert decisions[0].message.startswith("auto: a batch, an integer program, since greedy had no place for all; ")


@pytest.mark.parametrize("other", [99, 8], ids=["that no node could ever hold", "that has to wait"])
def test_somebody_who_waits_does_not_keep_the_others_from_being_packed(other: int) -> None:
    on = cluster(*(node(f"n{number}", cpu=8) for number in range(4)))
    for number in range(4):
        on.occupy(("before", number), f"n{number}", {"cpu": 1000})
    requests = [Request("other", asking(other)), *(Request(n, asking(3)) for n in range(4))]
    decisions = place(requests, on, AUTO, Context(now=100))
    assert decisions[0].node is None
    assert len({each.node for each in decisions[1:]}) == 2
    assert decisions[1].message.startswith("auto: a batch, greedy, largest first; ")


def test_a_large_batch_or_one_of_several_priorities_stays_greedy() -> None:
    mixed = [Request(n, asking(size), priority=n) for n, size in enumerate([6, 4, 4, 3, 3, 2])]
    assert picked(*mixed, cpus=(11, 11)) == {"auto: a batch, greedy, largest first"}
    many = [Request(n, asking(1)) for n in range(SMALL + 1)]
    assert picked(*many, cpus=(8, 8)) == {"auto: a batch, greedy, largest first"}


def test_an_unknown_preset_is_named_with_the_nearest() -> None:
    with pytest.raises(StrategyError, match=r'preset is "Bestfit", which is unknown: did you mean "BestFit"\?'):
        compile_preset("Bestfit")


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_compiles(name: str) -> None:
    assert compile_preset(name) == compile_preset(name)
