"""Places for a gang: for all of it, or at least its minimum, anywhere or near each other."""

from collections.abc import Sequence

from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang
from bayplan.strategy.assigning.gang_domains import gang_domains
from bayplan.strategy.assigning.gang_placing import Placing, tried, waiting
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
    if gang.topology.required:
        return domains.required()
    return domains.whole() or domains.several() or _anywhere(members, gang, placing)


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
    said = found.refused.reason
    reason = said if said in (Reason.NO_SUCH_NODE, Reason.QUOTA_EXCEEDED) else Reason.GANG_INCOMPLETE
    return places | waiting([each for each in members if each not in places], placing, reason, words)
