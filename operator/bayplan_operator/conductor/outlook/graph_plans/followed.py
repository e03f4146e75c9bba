"""A graph whose policy goes by plans, and the making of its plan."""

from bayplan.foresight.graph_plans import Plan, make_plan, matters, plan_again
from bayplan.foresight.graph_plans.spared import Spared
from bayplan_operator.backoff import Backoff
from bayplan_operator.clock import Rest
from bayplan_operator.conductor.outlook.graph_plans.expectation import Expectation
from bayplan_operator.conductor.outlook.graph_plans.glimpse import Glimpse, situation, with_reruns
from bayplan_operator.conductor.outlook.graph_plans.improving import Search
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.translate.policy import CompiledPolicy

FIRST = "first"
_FIRST_WAIT, _LONGEST_WAIT = 30.0, 1800.0
"""Seconds after a plan that failed, and after many that did."""


class Followed:
    """A graph whose policy goes by plans."""

    def __init__(self, graph: GraphRun, wait_until: float, rest: Rest, search: Search) -> None:
        """Its tasks wait for the first plan until ``wait_until``, in seconds since the epoch; ``rest``: between two plans."""
        self.graph, self.wait_until, self.rest, self.search = graph, wait_until, rest, search
        self.policy = policy_of(graph)
        self.cause = FIRST
        """What calls for a plan; empty: nothing."""
        self.plan: Plan | None = None
        self.backoff = Backoff("graph plan", _FIRST_WAIT, _LONGEST_WAIT)
        self.failed = False
        self.expectation = Expectation()
        self.spared: Spared | None = None
        """No plan could gain anything; none: it was not found to be so."""


def policy_of(graph: GraphRun) -> tuple[CompiledPolicy | None, str]:
    """With the candidate of an adaptive one."""
    return graph.known.policy, graph.decided.strategy


def make(seen: Glimpse, expectation: Expectation, *, before: Plan | None, spare: bool) -> Plan | None:
    """In the thread. ``before``: the plan that reality has left behind, of which is kept what is still good. None: a plan could
    gain nothing, and would be spared then."""
    found = with_reruns(situation(seen, expectation), seen)
    if spare and not matters(found):
        return None
    return make_plan(found) if before is None else plan_again(before, found)


def may_spare(graph: GraphRun) -> bool:
    """Whether the graph's policy leaves plans alone that could gain nothing."""
    return graph.known.policy is not None and graph.known.policy.placing(graph.decided.strategy).only_if_plans_matter


def kind(cause: str) -> str:
    """The cause without its particulars: its last word, such as `late`."""
    return cause.rsplit(" ", 1)[-1]


def wanted(graph: GraphRun) -> bool:
    """Whether a plan would change anything: an open graph of several tasks, under a policy that goes by plans."""
    running, policy = graph.running, graph.known.policy
    if running is None or policy is None or not graph.startable:
        return False
    open_still = not running.all_over and not running.run.failure
    return open_still and len(running.prepared.graph.tasks) > 1 and policy.placing(graph.decided.strategy).uses_plans
