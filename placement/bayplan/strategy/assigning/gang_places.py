"""GangPlaces for a gang: for all of it, or at least its minimum, anywhere or near each other."""

from collections.abc import Sequence

from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang
from bayplan.strategy.assigning.gang_domains import gang_domains
from bayplan.strategy.assigning.gang_placing import GangPlaces, Placing, tried, waiting
from bayplan.strategy.assigning.gang_search import search_for
from bayplan.strategy.assigning.gang_topology import InDomains
from bayplan.strategy.assigning.gang_words import too_few
from bayplan.strategy.assigning.gangs import common


def together(members: Sequence[int], placing: Placing) -> dict[int, Decision]:
    """Decisions for all members of a gang; the places of those that have one are taken.

    Without a topology each goes where the planner chooses. O(members) placements; with a topology, for each domain that is
    tried: one, if all members are of one class and mind no pods nearby.
    """
    gang = common([placing.request(number) for number in members])
    if gang.topology is None:
        return _anywhere(members, gang, placing)
    found = gang_domains(gang, gang.topology.label, members, placing)
    domains = InDomains(members, gang, found, placing, search_for(members, placing))
    return domains.required() if gang.topology.required else _preferred(members, gang, domains, placing)


def _anywhere(members: Sequence[int], gang: Gang, placing: Placing) -> dict[int, Decision]:
    least, mark = gang.least(len(members)), placing.mark()
    found = tried(members, placing, least == len(members))
    if found.refused is None:
        return found.places
    words = too_few(gang, len(members), [each.node or "" for each in found.places.values()], found.refused.message)
    places = found.places
    if len(places) < least:
        placing.undo(mark)
        places = {}
    reason = Reason.NO_SUCH_NODE if found.refused.reason is Reason.NO_SUCH_NODE else Reason.GANG_INCOMPLETE
    return places | waiting([each for each in members if each not in places], placing, reason, words)


def _preferred(members: Sequence[int], gang: Gang, domains: InDomains, placing: Placing) -> dict[int, Decision]:
    """In one domain if that holds as many as have a place anywhere, else in few."""
    whole = domains.whole() or domains.several()
    if whole is not None:
        return whole
    mark = placing.mark()
    somewhere = _anywhere(members, gang, placing)
    placed: GangPlaces = {number: each for number, each in somewhere.items() if each.node is not None}
    if len(placed) in (0, len(members)):
        return somewhere
    placing.undo(mark)
    near = domains.most(len(placed))
    if near is None:
        placing.again(placed)
        return somewhere
    return near
