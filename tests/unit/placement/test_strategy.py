import pytest

from bayplan.core.background import Inline
from bayplan.simulation.learning import Learning
from bayplan.strategy.assigning.greedy import Greedy
from bayplan.strategy.compile import Named, StrategyError, compile_strategy
from bayplan.strategy.ordering.age import age
from bayplan.strategy.ordering.priority import priority
from bayplan.strategy.presets import PRESETS, compile_preset
from tests.unit.placement.building import asking, cluster, node


def test_names_become_what_they_name() -> None:
    strategy = compile_strategy(
        ["Priority", "Age"], [Named("BestFit", 3), Named("Spread", 1)], Named("Greedy"), (("pool", "a"),)
    )
    assert strategy.order == (priority, age)
    assert strategy.planner == Greedy()
    assert strategy.node_selector == (("pool", "a"),)
    assert [(each.name, each.weight) for each in strategy.scoring.scorers] == [
        ("BestFit", 3),
        ("Spread", 1),
        ("PreferredAffinity", 4),
    ]


def test_preferences_keep_the_weight_a_policy_gives_them() -> None:
    strategy = compile_strategy([], [Named("PreferredAffinity", 1), Named("BestFit", 9)], Named("Greedy"))
    assert [(each.name, each.weight) for each in strategy.scoring.scorers] == [
        ("PreferredAffinity", 1),
        ("BestFit", 9),
    ]


def test_equal_policies_give_equal_strategies() -> None:
    assert compile_strategy(["Age"], [Named("BestFit", 1)], Named("Greedy")) == compile_strategy(
        ["Age"], [Named("BestFit", 1)], Named("Greedy")
    )


@pytest.mark.parametrize(
    ("order", "scorers", "planner", "message"),
    [
        (
            ["Age", "Prioritty"],
            [Named("BestFit", 1)],
            Named("Greedy"),
            'order[1] is "Prioritty", which is unknown: did you mean "Priority"?',
        ),
        (
            ["Age"],
            [Named("Bestfit", 1)],
            Named("Greedy"),
            'scorers[0].name is "Bestfit", which is unknown: did you mean "BestFit"?',
        ),
        (
            ["Age"],
            [Named("BestFit", 1)],
            Named("greedy"),
            'planner.name is "greedy", which is unknown: did you mean "Greedy"?',
        ),
        (
            ["Zzz"],
            [Named("BestFit", 1)],
            Named("Greedy"),
            'order[0] is "Zzz", which is unknown: there are Priority, CriticalPath, Age, EarliestDeadline, LeastSlack, '
            "UpwardRank, ShortestExpected, SmallestArea, AgedArea",
        ),
        (["Age"], [Named("BestFit", 0)], Named("Greedy"), "scorers[0].weight is 0: it must be a number above zero"),
        (["Age"], [], "Greedy", "scorers is empty: name at least one"),
        (["Age", "Age"], [Named("BestFit", 1)], Named("Greedy"), 'order[1] is "Age", as is order[0]: name each once'),
        (
            ["Age"],
            [Named("BestFit", 1), Named("BestFit", 2)],
            Named("Greedy"),
            'scorers[1] is "BestFit", as is scorers[0]: name each once',
        ),
    ],
)
def test_what_is_wrong_is_named(order: list[str], scorers: list[Named], planner: Named, message: str) -> None:
    with pytest.raises(StrategyError) as error:
        compile_strategy(order, scorers, planner)
    assert str(error.value) == message


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_what_usually_arrives_is_learned_only_for_those_that_look_at_it(preset: str) -> None:
    on, asked = cluster(node("a", gpu=1)), asking(1, gpu=1)
    learning = Learning([compile_preset(preset)], 0, Inline())
    for _ in range(1000):
        learning.count(asked)
    learning.step(on)
    scorers = {each.name for each in compile_preset(preset).scoring.scorers}
    assert (learning.model is not None) == bool(scorers & {"Potential", "FragmentationGradient"})
