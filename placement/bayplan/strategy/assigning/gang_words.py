"""Why members of a gang wait, in a sentence each."""

from bayplan.model.workload import Gang
from bayplan.strategy.assigning.gang_domains import GangDomains

_LONGEST = 60
_LINE = 255


def too_few(gang: Gang, members: int, nodes: list[str], next_one: str) -> str:
    """So many of a batch's members have a place, on these nodes; `next_one`: why one more has none."""
    placed, least = len(nodes), gang.least(members)
    if not gang.name:
        return f"only {placed} of the {members} of the gang have a place; the next one: {next_one}"[:_LINE]
    if placed >= least:
        return f"{called(gang)} has {placed} of its {_places(members)}; the next one: {next_one}"[:_LINE]
    if placed == len(set(nodes)):
        room = f"{placed} {'node has' if placed == 1 else 'nodes have'} room"
    else:
        room = f"there is room for {placed}"
    return f"{_needs(gang, members)}: {room}, {_are(least - placed)} missing; the next one: {next_one}"[:_LINE]


def no_domain(gang: Gang, members: int, found: GangDomains, best: tuple[int, int], ever: bool) -> str:
    """No domain holds as many as must be placed. `best`: the number of the one with the most room, and for how many that is;
    `ever`: one could hold them later."""
    if not len(found.used):
        return f"{_needs(gang, members)}: no node has the label {_short(found.label)}"[:_LINE]
    what, (number, room) = _what(found.label), best
    name, least = _short(found.names[number]), gang.least(members)
    label, empty = f"(label {_short(found.label)})", "" if ever else "even empty, "
    if found.chosen and len(found.candidates) == 1:
        most = room if ever else f"at most {room}"
        return f"{_needs(gang, members)}: {empty}{what} {name} {label}, where the others are, has room for {most}"[:_LINE]
    them = "it" if members == 1 else f"all {least}" if least == members else str(least)
    has = f"the best, {name}, has room for {room}" if ever else f"the largest, {name}, has room for at most {room}"
    has = has if room else "none has room for any"
    return f"{_needs(gang, members)}: {empty}no {what} {label} holds {them}: {has}"[:_LINE]


def full_domain(gang: Gang, members: int, placed: int, found: GangDomains, number: int) -> str:
    """Enough of a batch's members have a place in a domain, and these have none."""
    where = f"{_what(found.label)} {_short(found.names[number])} (label {_short(found.label)})"
    return f"{called(gang)} has {placed} of its {_places(members)}: {where}, where these are, has no room for more"[:_LINE]


def called(gang: Gang) -> str:
    """`gang train`, or `the gang` where it has no name."""
    return f"gang {_short(gang.name)}" if gang.name else "the gang"


def _needs(gang: Gang, members: int) -> str:
    least = gang.least(members)
    if least == members:
        return f"{called(gang)} needs {_places(members)}" + (" at once" if members > 1 else "")
    return f"{called(gang)} needs {least} of its {_places(members)}" + (" at once" if least > 1 else "")


def _places(number: int) -> str:
    return f"{number} {'place' if number == 1 else 'places'}"


def _are(number: int) -> str:
    return f"{number} {'is' if number == 1 else 'are'}"


def _what(label: str) -> str:
    """A label's domain in a word: a rack, for `topology.kubernetes.io/rack`."""
    return _short(label.rpartition("/")[2])


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
