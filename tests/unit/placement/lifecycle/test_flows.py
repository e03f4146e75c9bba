"""Whatever graph is drawn, and whatever happens to it: it ends, and as its gates and the ends of its units say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bayplan.lifecycle import TaskOutcome
from tests.draws import cases
from tests.unit.placement.lifecycle.flowing import EVENTS, Plan, World, expected, plans

DISTURBED = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 30), st.booleans()), max_size=40)


def ends_as_it_should(world: World, events: list[tuple[str, int, bool]]) -> None:
    world.step()
    for event, draw, steps in events:
        world.happen(event, draw)
        if steps:
            world.step()
            world.now += 0.5
    world.finish()
    plan, run = world.plan, world.run
    fails, succeeded = expected(plan)
    assert bool(run.failure) == fails, run.failure
    if not run.failure:
        outcomes = plan.flow.outcomes(plan.graph, run)
        found = [bool(each == TaskOutcome.SUCCEEDED) for each in outcomes]
        named = [task for task in range(len(plan.graph.tasks)) if task not in plan.flow.backed_up_by]
        assert [found[task] for task in named] == [succeeded[task] for task in named]


@cases(50, search=120)
@given(plans(), DISTURBED)
def test_any_graph_ends_as_it_should(plan: Plan, events: list[tuple[str, int, bool]]) -> None:
    ends_as_it_should(World(plan), events)
