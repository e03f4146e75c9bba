import pytest

from bayplan.ordering.age import age
from bayplan.ordering.priority import priority
from bayplan.planning import PLANNERS
from bayplan.strategy import StrategyError, compile_strategy


def test_names_become_what_they_name() -> None:
    strategy = compile_strategy(["Priority", "Age"], [("BestFit", 3), ("Spread", 1)], "Greedy", (("pool", "a"),))
    assert strategy.order == (priority, age)
    assert strategy.planner is PLANNERS["Greedy"]
    assert strategy.node_selector == (("pool", "a"),)
    assert [(each.name, each.weight) for each in strategy.scorers] == [
        ("BestFit", 3),
        ("Spread", 1),
        ("PreferredAffinity", 4),
    ]


def test_preferences_keep_the_weight_a_policy_gives_them() -> None:
    strategy = compile_strategy([], [("PreferredAffinity", 1), ("BestFit", 9)], "Greedy")
    assert [(each.name, each.weight) for each in strategy.scorers] == [
        ("PreferredAffinity", 1),
        ("BestFit", 9),
    ]


def test_equal_policies_give_equal_strategies() -> None:
    assert compile_strategy(["Age"], [("BestFit", 1)], "Greedy") == compile_strategy(["Age"], [("BestFit", 1)], "Greedy")


@pytest.mark.parametrize(
    ("order", "scorers", "planner", "message"),
    [
        (
            ["Age", "Prioritty"],
            [("BestFit", 1)],
            "Greedy",
            'order[1] is "Prioritty", which is unknown: did you mean "Priority"?',
        ),
        (
            ["Age"],
            [("Bestfit", 1)],
            "Greedy",
            'scorers[0].name is "Bestfit", which is unknown: did you mean "BestFit"?',
        ),
        (
            ["Age"],
            [("BestFit", 1)],
            "greedy",
            'planner.name is "greedy", which is unknown: did you mean "Greedy"?',
        ),
        (
            ["Zzz"],
            [("BestFit", 1)],
            "Greedy",
            'order[0] is "Zzz", which is unknown: there are Priority, CriticalPath, Age',
        ),
        (["Age"], [("BestFit", 0)], "Greedy", "scorers[0].weight is 0: it must be above zero"),
        (["Age"], [], "Greedy", "scorers is empty: name at least one"),
        (["Age", "Age"], [("BestFit", 1)], "Greedy", 'order[1] is "Age", as is order[0]: name each once'),
        (
            ["Age"],
            [("BestFit", 1), ("BestFit", 2)],
            "Greedy",
            'scorers[1] is "BestFit", as is scorers[0]: name each once',
        ),
    ],
)
def test_what_is_wrong_is_named(order: list[str], scorers: list[tuple[str, int]], planner: str, message: str) -> None:
    with pytest.raises(StrategyError) as error:
        compile_strategy(order, scorers, planner)
    assert str(error.value) == message
