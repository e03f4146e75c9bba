"""Hidden load of nodes, from their file: a share, shares from given instants on, or shares drawn now and then."""

from collections.abc import Mapping

from bayplan.simulation import Drawn, SetupError, Steps
from bayplan_operator.workflows.fields import Fields

Course = Steps | Drawn


def hidden_load(each: Fields) -> dict[str, Course]:
    """Resource to course, of the field `load` of a node; empty if it has none. Raises `InputError`."""
    load = each.map("load")
    return {str(resource): _course(load, str(resource)) for resource in load.value}


def _course(load: Fields, resource: str) -> Course:
    value = load.value[resource]
    try:
        if isinstance(value, list):
            steps = load.maps(resource, needed=True)
            return Steps(tuple(_at(step) for step in steps), tuple(step.share("share") for step in steps))
        if isinstance(value, Mapping):
            drawn = load.map(resource)
            drawn.only(("from", "to", "every"))
            return Drawn(drawn.share("from"), drawn.share("to"), drawn.duration("every"))
        return Steps.constant(load.share(resource))
    except SetupError as error:
        raise load.document.fault(f"{load.at(resource)}: {error}", load.at(resource)) from error


def _at(step: Fields) -> float:
    step.only(("at", "share"))
    return step.duration("at", 0.0)
