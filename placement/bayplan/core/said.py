"""What was said last of each request that waits."""

from collections.abc import Hashable, Mapping

from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.strategy.wish import Wish


class Said:
    """By key: of requests with equal keys the same is said."""

    def __init__(self) -> None:
        self._keys: dict[Hashable, Hashable] = {}
        """By request that waits, and by those that were placed last."""
        self._said: dict[Hashable, Decision] = {}
        self._left: dict[Hashable, None] = {}
        """Keys of which none waits any more: what was said of them is known until the next decision."""
        self._gone: list[Hashable] = []
        """Requests that wait no more, of which the same holds."""
        self._unsaid: dict[Hashable, Wish] = {}
        """Requests that wait, and of which nothing was said yet."""
        self._reworded: set[Hashable] = set()
        """Keys of which another thing was said by this decision than before."""

    @property
    def complete(self) -> bool:
        """Something was said of each request."""
        return not self._unsaid

    def begin(self, waits: Mapping[Hashable, Wish]) -> None:
        """A decision begins."""
        if self._left:
            for key in self._left:
                self._said.pop(key, None)
            self._left.clear()
        for id_ in self._gone:
            if id_ not in waits:
                self._keys.pop(id_, None)
        self._gone.clear()

    def joins(self, wish: Wish) -> None:
        """It waits, and nothing was said of it."""
        self._unsaid[wish.request.id] = wish

    def name(self, id_: Hashable, key: Hashable) -> None:
        """The key of a request."""
        self._keys[id_] = key

    def leaves(self, wish: Wish, last: bool) -> None:
        """It waits no more. `last`: none waits of its key."""
        id_ = wish.request.id
        self._gone.append(id_)
        if last or self._keys[id_] == id_:
            self._left[self._keys[id_]] = None
        self._unsaid.pop(id_, None)

    def returns(self, wish: Wish) -> None:
        """It waits as if it had not left."""
        self._unsaid[wish.request.id] = wish
        self._left.pop(self._keys[wish.request.id], None)

    def keep(self, id_: Hashable, said: Decision) -> None:
        """A request that is another by now waits on, for the reason that is known."""
        key = self._keys[id_]
        self._left.pop(key, None)
        self._said.setdefault(key, said)

    def say(self, wish: Wish, decision: Decision, anything: bool, one_policy: bool) -> None:
        """Of a request. Where its reason is another than that of its key before, the others are told too, unless all go by one
        policy, of which the reasons are the same. `anything`: other words are told too."""
        key = self._keys[wish.request.id]
        before, self._said[key] = self._said.get(key), decision
        self._unsaid.pop(wish.request.id, None)
        if before is None or key == wish.request.id or (before.reason, before.message) == (decision.reason, decision.message):
            return
        if anything or (not one_policy and before.reason is not decision.reason):
            self._reworded.add(key)

    def of_their_key(self, told: Mapping[Hashable, Decision], waits: Mapping[Hashable, Wish]) -> tuple[Decision, ...]:
        """For requests of which nothing was said yet, or of whose key another thing was said now. `told`: these know."""
        if self._reworded:
            alike = (each for each in waits.items() if self._keys[each[0]] in self._reworded)
            self._unsaid.update(each for each in alike if each[0] not in told)
            self._reworded.clear()
        found = []
        for id_, wish in self._unsaid.items():
            said = self.why(wish.request)
            if said is not None and id_ not in told:
                found.append(Decision(id_, None, said.reason, said.message))
        self._unsaid.clear()
        return tuple(found)

    def why(self, request: Request) -> Decision | None:
        """What was said last of it or of those alike; `None`: nothing."""
        return self._said.get(self._keys.get(request.id, request.request_class))

    def one_by_one(self, waits: Mapping[Hashable, Wish]) -> None:
        """From now on each request has a key of its own."""
        said = [(each.request.id, self.why(each.request)) for each in waits.values()]
        self._said = {id_: decision for id_, decision in said if decision is not None}

    def forget(self) -> None:
        """Nothing was said."""
        self._said.clear()
