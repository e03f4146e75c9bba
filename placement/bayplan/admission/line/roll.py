"""Who waits: each request with its lane, and where it stands there."""

from collections.abc import Callable, Hashable

from bayplan.admission.line.lane import Lane
from bayplan.admission.line.places import Place, keys, lasting, rest
from bayplan.admission.tree import QueueTree
from bayplan.cluster.cluster import Cluster
from bayplan.model.workload import RequestClass
from bayplan.strategy.assigning.one_at_a_time import goes_alone
from bayplan.strategy.assigning.size import sizes
from bayplan.strategy.wish import Wish


class Roll:
    """Lanes by key, and the lane of each request. O(log requests) per change."""

    def __init__(self, cluster: Cluster, tree: QueueTree, together: bool) -> None:
        """`together`: requests that are alike share a lane."""
        self.lanes: dict[Hashable, Lane] = {}
        self._cluster, self._tree, self._together = cluster, tree, together
        self._numbers = cluster.quotas.limits.numbers
        self._reserves = tree.reserves
        self._lane_of: dict[Hashable, Lane] = {}
        self._in_queue: dict[int, dict[Lane, None]] = {}
        self._joined = 0
        self._sizes: dict[RequestClass, Place] = {}
        self._static_version = cluster.static_version

    def __len__(self) -> int:
        return len(self._lane_of)

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
        known = self._lane_of.get(request.id)
        if known is not None:
            return known.key
        if request.gang is None and not (self._together and goes_alone(wish)):
            return request.id, wish.strategy
        whole = self._cluster.quotas.graphs.alike(request.graph)
        placing = wish.policy, wish.candidate, id(wish.strategy)
        if request.gang is not None:  # its members may ask for different things, and go together all the same
            return self.queue(wish), whole, request.gang.id, placing
        pod = request.neighbour if self._cluster.neighbours.concern(request.neighbour) else None
        run = request.run if self._reserves else None  # by which it may be let in before a promise, and others may not
        return self.queue(wish), whole, request.request_class, run, pod, placing

    def join(self, wish: Wish) -> Lane:
        """It waits from now on; answers its lane, which may be new."""
        key = self.key(wish)
        lane = self.lanes.get(key)
        if lane is None:
            lane = self.lanes[key] = self._lane(key, wish)
            self._in_queue.setdefault(lane.queue, {})[lane] = None
        self._joined += 1
        request, strategy = wish.request, wish.strategy
        order = keys(strategy, request) if lasting(strategy) else ()
        lane.add(wish, rest(order, request, self._size(wish), self._joined))
        self._lane_of[request.id] = lane
        return lane

    def lane_of(self, id_: Hashable) -> Lane | None:
        """The lane of a request that waits."""
        return self._lane_of.get(id_)

    def tree(self, queue: int) -> int:
        """The number of the queue without a parent above a queue, or its own; -1: of requests of no queue."""
        return self._cluster.quotas.root(queue)

    def queues(self) -> list[int]:
        """The numbers of the queues in which anything waits."""
        return [number for number, lanes in self._in_queue.items() if lanes]

    def head(self, queue: int, now: float, passed_over: Callable[[Lane], bool]) -> Lane | None:
        """The lane of a queue's first request, whether it may have a place or not; some are passed over. O(its lanes)."""
        found: Lane | None = None
        best: tuple[float, Place] | None = None
        for lane in self._in_queue.get(queue, ()):
            if passed_over(lane):
                continue
            lane.settle(now)
            first = lane.first(now)
            if best is None or (first.points, first.rest) < best:
                found, best = lane, (first.points, first.rest)
        return found

    def leave(self, wish: Wish) -> Lane:
        """It waits no more; answers its lane, which is forgotten if it is empty."""
        lane = self._lane_of.pop(wish.request.id)
        lane.remove(wish)
        if not len(lane):
            del self.lanes[lane.key]
            del self._in_queue[lane.queue][lane]
        return lane

    def _lane(self, key: Hashable, wish: Wish) -> Lane:
        number = self.queue(wish)
        name = wish.request.queue
        queue = None if number == self.none or name is None else self._tree.queues[name]
        lane = Lane(key, number, wish, None if queue is None else queue.ageing)
        lane.by_graph = self._cluster.quotas.graphs.account(wish.request.graph) is not None
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
