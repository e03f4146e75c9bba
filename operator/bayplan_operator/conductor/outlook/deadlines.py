"""The conditions DeadlineAtRisk and DeadlineMissed, in words."""

from collections.abc import Callable

from bayplan.foresight.estimates import Help, Suggestion
from bayplan_operator import metrics
from bayplan_operator.conductor.outlook.forecasting import AT_RISK, SAFE
from bayplan_operator.conductor.record import conditions
from bayplan_operator.conductor.record.completion import RISK, Forecast, Outlook, Verdict
from bayplan_operator.conductor.record.graph_run import GraphRun

MISSED = "DeadlineMissed"
_MOST_NAMES = 3
Put = Callable[[str, bool | None, str, str], bool]
Tell = Callable[[str, str, str], None]


def missed(graph: GraphRun, now: float) -> bool:
    """The deadline has passed, and the graph had not succeeded by then."""
    return graph.known.deadline is not None and (graph.decided.completed_at or now) > graph.known.deadline


def at_risk(graph: GraphRun) -> bool:
    """As its status says, or is about to."""
    verdict = graph.outlook.verdict if graph.outlook is not None else None
    return verdict is not None and verdict.at_risk and graph.known.deadline is not None and not graph.decided.ended


def verdict(graph: GraphRun, outlook: Outlook) -> Verdict | None:
    """By what is known now; none: there is no deadline, or nothing is known."""
    deadline, first, found = graph.known.deadline, outlook.first, outlook.forecast
    if deadline is None or first is None:
        return None
    if first.nowhere:
        names = _names(first.nowhere)
        return Verdict(True, "NoSuchNode", f"no node that is there could ever hold {names}: add one, or correct what is asked")
    at = outlook.first_at + first.bound.seconds
    if at > deadline and first.bound.seconds > 0:
        return Verdict(True, "BelowLowerBound", _below(outlook, at, deadline))
    if found is None:
        return None
    if found.probability is None:
        return Verdict(False, "NotKnown", f"whether the deadline is met cannot be said: {found.basis}")
    percent = f"{int(100 * found.probability)} %"
    if found.probability >= (SAFE if outlook.verdict is not None and outlook.verdict.at_risk else AT_RISK):
        return Verdict(False, "OnTime", f"the deadline is met with a probability of {percent} ({found.basis})")
    enough = [each for each in found.advice if each.probability >= AT_RISK]
    capacity = any(each.help in (Help.MORE_QUOTA, Help.MORE_NODES, Help.HIGHER_PRIORITY) for each in enough)
    reason = "TooLittleCapacity" if capacity else "RunTimesTooLong"
    said = [f"the deadline is met with a probability of {percent} ({found.basis})", *_helps(found)]
    return Verdict(True, reason, "; ".join(said))


def update(graph: GraphRun, put: Put, tell: Tell, now: float) -> None:
    """Bring both conditions up to date, with an event for each that flips."""
    outlook = graph.outlook
    if outlook is None:
        return
    late = missed(graph, now)
    if late or conditions.find(graph.written.conditions, MISSED) is not None:
        _put_missed(graph, late, put, tell)
    known = conditions.find(graph.written.conditions, RISK)
    if graph.known.deadline is None or graph.decided.completed_at is not None or late:
        if known is not None and known["status"] == "True":
            reason = "DeadlineMissed" if late else "Met" if graph.decided.completed_at is not None else "NoDeadline"
            put(RISK, False, reason, "")
        return
    found = outlook.verdict
    if found is None or (known is None and not found.at_risk):
        return
    if put(RISK, found.at_risk, found.reason, found.message):
        tell("Warning" if found.at_risk else "Normal", RISK if found.at_risk else "DeadlineSafe", found.message)


def _put_missed(graph: GraphRun, late: bool, put: Put, tell: Tell) -> None:
    assert graph.known.deadline is not None or not late
    if not late:
        if put(MISSED, False, "DeadlineMoved", "the deadline lies ahead, or there is none"):
            tell("Normal", "DeadlineMoved", "the deadline lies ahead, or there is none")
        return
    at = conditions.stamp(graph.known.deadline or 0.0)
    over = graph.decided.completed_at is not None
    message = f"the deadline was {at}; " + ("it ended later" if over else "it has not ended yet")
    if put(MISSED, True, "EndedLate" if over else "DeadlinePassed", message):
        metrics.DEADLINES_MISSED.inc()
        tell("Warning", MISSED, message)


def _below(outlook: Outlook, at: float, deadline: float) -> str:
    first, found = outlook.first, outlook.forecast
    assert first is not None
    if first.bound.work > first.bound.chain:
        why = "all its work spread over all nodes that fit takes until then: more nodes, or less work"
    else:
        why = "its longest chain of tasks takes until then even where each is fastest: shorter tasks, or faster nodes"
    late = f"the deadline is {conditions.stamp(deadline)}, and no schedule ends before {conditions.stamp(at)}"
    heavy = f"; most of it is task {found.heavy}" if found is not None and found.heavy else ""
    later = [_help(each, found) for each in found.advice if each.help is Help.LATER_DEADLINE] if found is not None else []
    return "; ".join([f"by the expected run times {late}: {why}{heavy}", *later])


def _helps(found: Forecast) -> list[str]:
    """What would be enough; where nothing is, what would at least help."""
    others = [each for each in found.advice if each.help is not Help.LATER_DEADLINE]
    enough = [each for each in others if each.probability >= AT_RISK]
    said = [_help(each, found) for each in enough or others]
    later = [_help(each, found) for each in found.advice if each.help is Help.LATER_DEADLINE]
    lead = "what would help: " if enough or not others else "nothing alone is enough; what would help: "
    return [lead + ", or ".join([*said, *later])]


def _help(suggestion: Suggestion, found: Forecast) -> str:
    chance = f" ({int(100 * suggestion.probability)} %)"
    of_class = f"of class {suggestion.subject}" if suggestion.subject else "of the class that it uses"
    if suggestion.help is Help.MORE_QUOTA:
        return f"a larger quota of its queue{chance}"
    if suggestion.help is Help.MORE_NODES:
        return f"more nodes {of_class}{chance}"
    if suggestion.help is Help.FASTER_NODES:
        return f"as many of the fastest nodes as it can use, {of_class}{chance}"
    if suggestion.help is Help.HIGHER_PRIORITY:
        return f"a higher priority, since others hold the nodes{chance}"
    if suggestion.help is Help.SHORTER_TASK:
        return f"half the run time of task {suggestion.subject}, by more shards or less work{chance}"
    at = conditions.stamp(found.made_at + suggestion.seconds)
    return f"a deadline of {at}, which is met with 90 %"


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"task{'s' if len(names) > 1 else ''} {', '.join(names[:_MOST_NAMES])}{more}"
