"""The one decider: in the operator, in the simulator and behind `plan`."""

from collections.abc import Hashable, Mapping
from dataclasses import replace

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.trial import Trial
from bayplan.core.batch import alone, answered
from bayplan.core.budget import Budget, unlimited
from bayplan.core.by_policy import by_policy
from bayplan.core.changes import Changes, Knowledge
from bayplan.core.waiting import Everyone, MayFit, Waiting, may_leave_out
from bayplan.core.wish import Wish
from bayplan.model.decision import Decision, Outcome
from bayplan.model.workload import Request, RequestClass
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need
from bayplan.strategy.protocols import Strategy

_NOTHING = Outcome()


class Decider:
    """Requests, a cluster and what is known in; placements and reasons out.

    What it keeps follows from what it was told: after any sequence of changes it places as one that is told the end state at
    once. It reads what nodes offer and what occupies them from the cluster, and changes nothing there: the caller that acts on
    a placement tells the cluster so with `Cluster.occupy`.
    """

    def __init__(self, cluster: Cluster, seed: int = 0, shortcuts: bool = True) -> None:
        """`shortcuts`: leave out questions whose answer is known; the placements are the same without."""
        self._cluster, self._seed, self._shortcuts = cluster, seed, shortcuts
        self._wishes: dict[Hashable, Wish] = {}
        self._waiting: Waiting = Everyone()
        self._strategy: Strategy | None = None
        """Of all that waits, where questions are left out; `None`: they are not."""
        self._knowledge = Knowledge()
        self._refused: Mapping[RequestClass, frozenset[str]] = {}
        self._placed = 0
        self._said: dict[Hashable, Decision] = {}
        """What was said last, by request; where questions are left out, by class."""
        self._left: list[Hashable] = []
        """Requests that were placed by the last decision: what was said of them before is known until the next."""
        self._unsaid: dict[Hashable, Wish] = {}
        """Requests that wait, and of which nothing was said yet."""
        self._static_version, self._freed = cluster.static_version, cluster.freed.position

    def __len__(self) -> int:
        """How many requests wait."""
        return len(self._wishes)

    @property
    def wishes(self) -> Mapping[Hashable, Wish]:
        """What waits, by the request's id."""
        return self._wishes

    def update(self, changes: Changes) -> None:
        """Take in what has changed. O(changes x log requests)."""
        for id_ in changes.dropped:
            self._drop(id_)
        for wish in changes.wanted:
            self._remove(wish.request.id)  # what was said of it before holds until it is asked about again
            self._add(wish)
        if changes.knowledge is not None:
            self._know(changes.knowledge)
        if changes.refused is not None and changes.refused != self._refused:
            self._refused = changes.refused
            self._waiting.again()
        if changes.placed is not None:
            self._placed = changes.placed
        if changes.reopened:
            self._waiting.again()

    def decide(self, now: float, budget: Budget = unlimited) -> Outcome:
        """Place what has a place. `now`: seconds since the epoch.

        Of requests about which nothing is new, nothing is said: for them, what was said last holds. A request that was placed
        waits no more; should its place come to nothing, it has to be wanted again.
        """
        self._notice()
        if self._left:
            for id_ in self._left:
                self._said.pop(id_, None)
            self._left = []
        batch = self._waiting.batch()
        if not batch:
            return Outcome(waiting=self._of_their_class()) if self._unsaid else _NOTHING
        context = self._context(now)
        placements: list[Decision] = []
        waiting: dict[Hashable, Decision] = {}
        with self._cluster.trial() as trial:
            while batch:
                for wish, decision in self._asked(batch, context, trial, budget):
                    id_ = wish.request.id
                    if decision.node is None:
                        self._waiting.refused(wish)
                        self._unsaid.pop(id_, None)
                        waiting[id_] = self._said[self._key(wish.request)] = decision
                    else:
                        self._remove(id_)
                        self._placed += 1
                        placements.append(decision)
                self._waiting.settled()
                batch = self._waiting.batch()
        if self._strategy is None:
            self._left = [each.request_id for each in placements]
        return Outcome(tuple(placements), waiting=(*waiting.values(), *self._of_their_class()))

    def why(self, request: Request) -> Decision | None:
        """What was said last of a request that waits, itself or with all of its class; `None`: nothing. Of a request that the
        last decision placed, what was said before."""
        return self._said.get(self._key(request))

    def explain(self, now: float, budget: Budget = unlimited) -> tuple[Decision, ...]:
        """What would be said of every request that waits as things stand now; nothing is placed by it."""
        self._notice()
        batch = sorted(self._wishes.values(), key=_line)
        with self._cluster.trial() as trial:
            return tuple(decision for _, decision in self._asked(batch, self._context(now), trial, budget))

    def on(self, cluster: Cluster, knowledge: Knowledge) -> "Decider":
        """Another decider, on another cluster and with other knowledge, for the same requests."""
        other = Decider(cluster, self._seed, self._shortcuts)
        wishes = tuple(sorted(self._wishes.values(), key=_line))
        other.update(Changes(wanted=wishes, knowledge=knowledge, placed=self._placed))
        return other

    def _of_their_class(self) -> tuple[Decision, ...]:
        """For requests of which nothing was said yet: their class was found to fit nowhere before they came."""
        found = []
        for id_, wish in self._unsaid.items():
            said = self.why(wish.request)
            if said is not None:
                found.append(Decision(id_, None, said.reason, said.message))
        self._unsaid.clear()
        return tuple(found)

    def _add(self, wish: Wish) -> None:
        alike = wish.strategy is self._strategy and wish.request.gang is None
        leaves_out = self._shortcuts and (alike or may_leave_out(wish))
        if not self._wishes:
            self._strategy = wish.strategy if leaves_out else None
            self._waiting = MayFit(self._cluster, wish.strategy) if leaves_out else Everyone()
        elif self._strategy is not None and not (leaves_out and wish.strategy is self._strategy):
            self._strategy = None
            self._waiting = Everyone()
            by_class, self._said = self._said, {}
            self._said = {
                id_: replace(said, request_id=id_)
                for id_, each in self._wishes.items()
                if (said := by_class.get(each.request.request_class)) is not None
            }
            for each in sorted(self._wishes.values(), key=_line):
                self._waiting.add(each)
        self._wishes[wish.request.id] = self._unsaid[wish.request.id] = wish
        self._waiting.add(wish)

    def _drop(self, id_: Hashable) -> None:
        if self._remove(id_):
            self._said.pop(id_, None)

    def _remove(self, id_: Hashable) -> bool:
        wish = self._wishes.pop(id_, None)
        if wish is None:
            return False
        self._waiting.remove(wish)
        self._unsaid.pop(id_, None)
        return True

    def _key(self, request: Request) -> Hashable:
        return request.id if self._strategy is None else request.request_class

    def _know(self, knowledge: Knowledge) -> None:
        if knowledge.load is not self._knowledge.load:
            strategies = {id(each.strategy): each.strategy for each in self._wishes.values()}
            if any(_refuses_by_load(each) for each in strategies.values()):
                self._waiting.again()
        self._knowledge = knowledge

    def _notice(self) -> None:
        """See what has become free, and whether nodes have changed."""
        cluster, position = self._cluster, self._cluster.freed.position
        if cluster.static_version != self._static_version:
            self._static_version, self._freed = cluster.static_version, position
            self._waiting.again()
        elif position != self._freed:
            freed = cluster.freed.since(self._freed)
            self._freed = position
            if freed is None:
                self._waiting.again()
            else:
                self._waiting.freed(freed)

    def _asked(self, batch: list[Wish], context: Context, trial: Trial, budget: Budget) -> list[tuple[Wish, Decision]]:
        """Ask about a batch, group by group, each beside what the groups before got."""
        turn = self._placed
        if len(batch) == 1:
            if turn != context.turn or budget is not unlimited:
                context = replace(context, turn=turn, stop=budget())
            return [(batch[0], alone(batch[0], self._cluster, context, trial))]
        found: list[tuple[Wish, Decision]] = []
        for group in by_policy(batch, _policy, _priority):
            if turn != context.turn or budget is not unlimited:
                context = replace(context, turn=turn, stop=budget())
            decisions = answered(group, self._cluster, context, trial)
            turn += sum([each.node is not None for each in decisions])
            found += zip(group, decisions, strict=True)
        return found

    def _context(self, now: float) -> Context:
        known = self._knowledge
        return Context(
            now=now,
            rejected=self._refused,
            seed=self._seed,
            turn=self._placed,
            mix=known.mix,
            efficiency=known.efficiency,
            run_times=known.run_times,
            plans=known.plans,
            load=known.load,
            survival=known.survival,
        )


def _refuses_by_load(strategy: Strategy) -> bool:
    return bool(strategy.hot) or Need.LOAD in strategy.planner.needs


def _line(wish: Wish) -> tuple[tuple[object, ...], int]:
    return wish.request.arrival, wish.request.unit or 0


def _policy(wish: Wish) -> tuple[str, str]:
    return wish.policy, wish.candidate


def _priority(wish: Wish) -> int:
    return wish.request.priority
