"""Who waits: each request with its lane, and where it stands there."""

from collections.abc import Hashable

from bayplan.admission.line.lane import Lane
from bayplan.admission.line.places import Place, keys, lasting, rest
from bayplan.admission.tree import QueueTree
from bayplan.cluster.cluster import Cluster
from bayplan.model.workload import RequestClass
from bayplan.strategy.assigning.size import sizes
from bayplan.strategy.wish import Wish


class Roll:
    """Lanes by key, and the lane of each request. O(log requests) per change."""

    def __init__(self, cluster: Cluster, tree: QueueTree, together: bool) -> None:
        """`together`: requests that are alike share a lane."""
        self.lanes: dict[Hashable, Lane] = {}
        self._cluster, self._tree, self._together = cluster, tree, together
        self._numbers = cluster.quotas.limits.numbers
        self._key_of: dict[Hashable, Hashable] = {}
        self._joined = 0
        self._sizes: dict[RequestClass, Place] = {}
        self._static_version = cluster.static_version

    def __len__(self) -> int:
        return len(self._key_of)

    @property
    def none(self) -> int:
        """The number that stands for no queue."""
        return len(self._numbers)

    def queue(self, wish: Wish) -> int:
        """The number of its queue. Requests of no queue, or of one that is not in the tree, are in one that has no limits."""
        name = wish.request.queue
        return self.none if name is None else self._numbers.get(name, self.none)

    def key(self, wish: Wish) -> Hashable:
        """Of its lane. While it waits this stays what it was when it joined."""
        request = wish.request
        known = self._key_of.get(request.id)
        if known is not None:
            return known
        if not self._together and request.gang is None:
            return request.id, wish.strategy
        pod = request.neighbour if self._cluster.neighbours.concern(request.neighbour) else None
        gang = None if request.gang is None else request.gang.id
        return self.queue(wish), request.request_class, pod, gang, wish.policy, wish.candidate, id(wish.strategy)

    def join(self, wish: Wish) -> Lane:
        """It waits from now on; answers its lane, which may be new."""
        key = self.key(wish)
        lane = self.lanes.get(key)
        if lane is None:
            lane = self.lanes[key] = self._lane(key, wish)
        self._joined += 1
        request, strategy = wish.request, wish.strategy
        order = keys(strategy, request) if lasting(strategy) else ()
        lane.add(wish, rest(order, request, self._size(wish), self._joined))
        self._key_of[request.id] = key
        return lane

    def leave(self, wish: Wish) -> Lane:
        """It waits no more; answers its lane, which is forgotten if it is empty."""
        key = self._key_of.pop(wish.request.id)
        lane = self.lanes[key]
        lane.remove(wish)
        if not len(lane):
            del self.lanes[key]
        return lane

    def _lane(self, key: Hashable, wish: Wish) -> Lane:
        number = self.queue(wish)
        name = wish.request.queue
        queue = None if number == self.none or name is None else self._tree.queues[name]
        lane = Lane(key, number, wish, None if queue is None else queue.ageing)
        lane.near = self._cluster.neighbours.concern(wish.request.neighbour)
        return lane

    def _size(self, wish: Wish) -> Place:
        if self._static_version != self._cluster.static_version:
            self._static_version = self._cluster.static_version
            self._sizes.clear()
        asked = wish.request.request_class
        found = self._sizes.get(asked)
        if found is None:
            devices, shares = sizes([wish.request], self._cluster)
            found = self._sizes[asked] = (-float(devices[0]), -float(shares[0]))
        return found
