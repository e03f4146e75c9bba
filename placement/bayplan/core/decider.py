"""The one decider: in the operator, in the simulator and behind `plan`."""

from collections.abc import Hashable, Mapping
from dataclasses import replace

from bayplan.admission.line.line import Line
from bayplan.admission.line.parts import LineInParts
from bayplan.admission.promises.promises import Promises
from bayplan.admission.shares import QueueShares, SharesState
from bayplan.admission.tree import QueueTree
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.trial import Trial
from bayplan.core.batch import alone, answered
from bayplan.core.budget import PlacingBudget, unlimited
from bayplan.core.by_policy import by_policy
from bayplan.core.changes import Changes, KnowledgeSnapshot
from bayplan.core.waiting import Everyone, MayFit, Waiting, may_fit_later, may_leave_out
from bayplan.core.wishes import in_arrival, policy_of, refuses_by_load
from bayplan.model.decision import Decision, Outcome
from bayplan.model.workload import Request, RequestClass
from bayplan.strategy.assigning.one_at_a_time import goes_alone
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.wish import Wish

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
        self._policy = "", ""
        """Of all that waits, where questions are left out: requests of several policies do not go in one strategy's order."""
        self._knowledge = KnowledgeSnapshot()
        self._refused: Mapping[RequestClass, frozenset[str]] = {}
        self._placed = 0
        self._tree: QueueTree | None = None
        self._promises = Promises(cluster, seed)
        self._unit_by_unit = True
        """Where queues rule: their line is asked about unit by unit."""
        self._shares: QueueShares | None = None
        """What queues have had, where they rule anything."""
        self._keys: dict[Hashable, Hashable] = {}
        """By request that waits, and by those that were placed last: of equal keys the same is said."""
        self._said: dict[Hashable, Decision] = {}
        """What was said last, by key."""
        self._left: dict[Hashable, None] = {}
        """Keys of which none waits any more: what was said of them is known until the next decision."""
        self._gone: list[Hashable] = []
        """Requests that wait no more, of which the same holds."""
        self._anything = False
        """Any answer may be another since the last decision."""
        self._unsaid: dict[Hashable, Wish] = {}
        """Requests that wait, and of which nothing was said yet."""
        self._reworded: set[Hashable] = set()
        """Keys of which another thing was said by this decision than before, and all that are alike are to know it."""
        self._static_version, self._freed = cluster.static_version, cluster.freed.position
        self._neighbours, self._terms = cluster.neighbours.version, cluster.neighbours.terms_version

    @property
    def promises(self) -> Promises:
        """The reservations of what waits."""
        return self._promises

    def shares(self, now: float) -> SharesState | None:
        """What queues have had until an instant, to be kept for a decider that comes after this one; `None`: there are none, or
        their shares are not compared."""
        if self._shares is None:
            return None
        self._shares.step(now)
        return self._shares.state()

    def __len__(self) -> int:
        """How many requests wait."""
        return len(self._wishes)

    @property
    def placed(self) -> int:
        """How many requests were placed, those of earlier processes included that it was told of: the turn."""
        return self._placed

    @property
    def wishes(self) -> Mapping[Hashable, Wish]:
        """What waits, by the request's id."""
        return self._wishes

    def update(self, changes: Changes) -> None:
        """Take in what has changed. O(changes x log requests)."""
        for id_ in changes.dropped:
            wish = self._drop(id_)
            if wish is not None and may_fit_later(wish):
                self._waiting.moved()  # without it, others of its gang or its batch may fit
        if changes.queues is not None:
            self._queue_up(changes.queues)
        if changes.shares is not None and self._shares is not None:
            self._shares.restore(changes.shares)
        for wish in changes.wanted:
            self._want(wish)
        if changes.knowledge is not None:
            self._know(changes.knowledge)
        if changes.refused is not None and changes.refused != self._refused:
            self._refused = changes.refused
            self._again()
        if changes.placed is not None:
            self._placed = changes.placed
        if changes.reopened:
            self._again()

    def decide(self, now: float, budget: PlacingBudget = unlimited) -> Outcome:
        """Place what has a place. `now`: seconds since the epoch.

        Of requests about which nothing is new, nothing is said: for them, what was said last holds. A request that was placed
        waits no more; should its place come to nothing, it has to be wanted again. Where a part of a gang was placed, the
        others wait to go beside it (`Gang.beside`); should one of these places come to nothing, want these again too.
        """
        self._notice()
        if self._left:
            for key in self._left:
                self._said.pop(key, None)
            self._left.clear()
        for id_ in self._gone:
            if id_ not in self._wishes:
                self._keys.pop(id_, None)
        self._gone.clear()
        context = self._context(now)
        batch = self._waiting.batch(context)
        if not batch:
            self._waiting.done()
            return Outcome(waiting=self._of_their_class({})) if self._unsaid else _NOTHING
        placed: list[tuple[Wish, Decision]] = []
        waiting: dict[Hashable, Decision] = {}
        try:
            with self._cluster.trial() as trial:
                while batch:
                    for wish, decision in self._asked(batch, context, trial, budget):
                        if decision.node is None:
                            self._waiting.refused(wish)
                            waiting[wish.request.id] = decision
                            self._say(wish, decision)
                        else:
                            self._drop(wish.request.id)
                            self._placed += 1
                            placed.append((wish, decision))
                    self._waiting.settled()
                    batch = self._waiting.batch(context)
        except BaseException:
            self._waiting.done()
            self._put_back([wish for wish, _ in placed])
            raise
        self._waiting.done()
        self._anything = False
        self._go_beside(placed)
        if placed:
            self._waiting.moved()
        said = (*waiting.values(), *self._of_their_class(waiting))
        return Outcome(tuple([decision for _, decision in placed]), waiting=said, unfinished=self._waiting.unfinished)

    def why(self, request: Request) -> Decision | None:
        """What was said last of a request that waits, of it or of those alike; `None`: nothing. Of one that was just placed:
        what was said before."""
        return self._said.get(self._keys.get(request.id, request.request_class))

    def explain(self, now: float, budget: PlacingBudget = unlimited) -> tuple[Decision, ...]:
        """What would be said of every request that waits as things stand now; nothing is placed by it."""
        self._notice()
        batch = sorted(self._wishes.values(), key=in_arrival)
        with self._cluster.trial() as trial:
            return tuple(decision for _, decision in self._asked(batch, self._context(now), trial, budget))

    def on(self, cluster: Cluster, knowledge: KnowledgeSnapshot) -> "Decider":
        """Another decider, on another cluster and with other knowledge, for the same requests."""
        other = Decider(cluster, self._seed, self._shortcuts)
        wishes = tuple(sorted(self._wishes.values(), key=in_arrival))
        other.update(Changes(wanted=wishes, knowledge=knowledge, placed=self._placed, queues=self._tree))
        return other

    def _go_beside(self, placed: list[tuple[Wish, Decision]]) -> None:
        """Of gangs of which a part was placed, those that wait on know where that is."""
        nodes: dict[Hashable, tuple[str, ...]] = {}
        for wish, decision in placed:
            gang = wish.request.gang
            if gang is not None and decision.node is not None:
                nodes[gang.id] = (*nodes.get(gang.id, ()), decision.node)
        if not nodes:
            return
        for id_, wish in list(self._wishes.items()):
            gang = wish.request.gang
            if gang is not None and gang.id in nodes:
                joining = replace(gang, beside=(*gang.beside, *nodes[gang.id]))
                self._waiting.remove(wish)
                del self._wishes[id_]  # it joins the line once more, as what is wanted again does
                wish = self._wishes[id_] = replace(wish, request=replace(wish.request, gang=joining))
                self._waiting.add(wish)
                self._keys[id_] = self._waiting.alike(wish)

    def _say(self, wish: Wish, decision: Decision) -> None:
        """Keep what is said of a request, and where it is another thing than what was said of its class before."""
        key = self._keys[wish.request.id]
        before, self._said[key] = self._said.get(key), decision
        self._unsaid.pop(wish.request.id, None)
        if before is None or key == wish.request.id or (before.reason, before.message) == (decision.reason, decision.message):
            return
        if self._anything or (self._strategy is None and before.reason is not decision.reason):
            self._reworded.add(key)  # other figures in the same words are told when everything is asked about

    def _of_their_class(self, told: Mapping[Hashable, Decision]) -> tuple[Decision, ...]:
        """For requests of which nothing was said yet, or of whose class another thing was said now. `told`: these know."""
        if self._reworded:
            alike = (each for each in self._wishes.items() if self._keys[each[0]] in self._reworded)
            self._unsaid.update(each for each in alike if each[0] not in told)
            self._reworded.clear()
        found = []
        for id_, wish in self._unsaid.items():
            said = self.why(wish.request)
            if said is not None:
                found.append(Decision(id_, None, said.reason, said.message))
        self._unsaid.clear()
        return tuple(found)

    def _again(self) -> None:
        self._waiting.again()
        self._anything = True

    def _want(self, wish: Wish) -> None:
        before = self._drop(wish.request.id)
        said = None if before is None else self.why(before.request)
        self._add(wish)
        if said is not None:  # it waits on, for the reason that is known
            key = self._keys[wish.request.id]
            self._left.pop(key, None)
            self._said.setdefault(key, said)

    def _add(self, wish: Wish) -> None:
        if self._tree is None or not self._tree.rules:
            self._choose_line(wish)
        else:
            self._choose_order(wish)
        self._wishes[wish.request.id] = self._unsaid[wish.request.id] = wish
        self._waiting.add(wish)
        self._keys[wish.request.id] = self._waiting.alike(wish)

    def _choose_line(self, wish: Wish) -> None:
        """Where queues rule nothing: whether questions can be left out, with a wish that joins."""
        alike = wish.strategy is self._strategy and policy_of(wish) == self._policy
        leaves_out = self._shortcuts and (wish.request.gang is None if alike else may_leave_out(wish))
        leaves_out = leaves_out and not self._cluster.neighbours.concern(wish.request.neighbour)
        if not self._wishes:
            self._strategy, self._policy = wish.strategy if leaves_out else None, policy_of(wish)
            self._waiting = MayFit(self._cluster, wish.strategy) if leaves_out else Everyone()
        elif self._strategy is not None and not (leaves_out and alike):
            self._leave_none_out()

    def _choose_order(self, wish: Wish) -> None:
        """Where queues rule: whether units can be asked about one by one, with a wish that joins."""
        alone = goes_alone(wish)
        if not self._wishes:
            self._unit_by_unit = alone
            self._line_up()
        elif self._unit_by_unit and not alone:
            self._unit_by_unit = False
            self._leave_none_out()

    def _queue_up(self, tree: QueueTree) -> None:
        """Other queues: all that wait stand in another line, of which nothing is known."""
        if tree == self._tree:
            return
        self._tree = tree
        self._cluster.set_quotas(tree.limits())
        self._promises.renumber()
        self._shares = QueueShares(self._cluster, tree, self._promises.running, self._shares)
        self._strategy, self._policy = None, ("", "")
        self._said.clear()
        waiting = sorted(self._wishes.values(), key=in_arrival)
        self._wishes.clear()
        self._waiting = Everyone()
        for each in waiting:
            self._add(each)
        self._anything = True

    def _leave_none_out(self) -> None:
        """From now on everything is asked about that waits, as long as anything does."""
        said = [(each.request.id, self.why(each.request)) for each in self._wishes.values()]
        self._said = {id_: decision for id_, decision in said if decision is not None}
        self._strategy = None
        self._line_up()

    def _line_up(self) -> None:
        """All that wait stand in a new line, of which nothing is known."""
        if self._tree is not None and self._shares is not None and self._tree.rules:
            if self._unit_by_unit:
                self._waiting = Line(self._cluster, self._tree, self._shares, self._promises, self._shortcuts)
            else:
                self._waiting = LineInParts(self._cluster, self._tree, self._shares)
        else:
            self._waiting = Everyone() if self._strategy is None else MayFit(self._cluster, self._strategy)
        for each in sorted(self._wishes.values(), key=in_arrival):
            self._waiting.add(each)
            self._keys[each.request.id] = self._waiting.alike(each)

    def _put_back(self, wishes: list[Wish]) -> None:
        """They wait as if they had not been placed, since the caller does not get to know that they were."""
        self._placed -= len(wishes)
        for each in wishes:
            self._wishes[each.request.id] = self._unsaid[each.request.id] = each
            self._left.pop(self._keys[each.request.id], None)
        self._line_up()

    def _drop(self, id_: Hashable) -> Wish | None:
        wish = self._wishes.pop(id_, None)
        if wish is not None:
            self._gone.append(id_)
            if self._waiting.remove(wish):
                self._left[self._keys[id_]] = None
            self._unsaid.pop(id_, None)
        return wish

    def _know(self, knowledge: KnowledgeSnapshot) -> None:
        if knowledge.load is not self._knowledge.load:
            strategies = {id(each.strategy): each.strategy for each in self._wishes.values()}
            if any(refuses_by_load(each) for each in strategies.values()):
                self._again()
        self._knowledge = knowledge

    def _notice(self) -> None:
        """See what has become free, and whether nodes have changed, or pods that matter for others."""
        cluster, position = self._cluster, self._cluster.freed.position
        if cluster.neighbours.version != self._neighbours:
            self._neighbours = cluster.neighbours.version
            self._notice_neighbours()
        if cluster.static_version != self._static_version:
            self._static_version, self._freed = cluster.static_version, position
            self._again()
        elif position != self._freed:
            freed = cluster.freed.since(self._freed)
            self._freed = position
            if freed is None:
                self._again()
            else:
                self._waiting.freed(freed)

    def _notice_neighbours(self) -> None:
        """Pods came or went that are near to others; where nothing that waits minds, that changes nothing."""
        neighbours, new_terms = self._cluster.neighbours, self._cluster.neighbours.terms_version != self._terms
        self._terms = neighbours.terms_version
        if self._strategy is None:
            # What is only kept off by terms of other pods hears of their leaving as of anything that becomes free.
            if any(each.request.neighbour is not None and each.request.neighbour.asks for each in self._wishes.values()):
                self._waiting.again()
        elif new_terms and any(neighbours.concern(each.request.neighbour) for each in self._wishes.values()):
            self._leave_none_out()

    def _asked(self, batch: list[Wish], context: Context, trial: Trial, budget: PlacingBudget) -> list[tuple[Wish, Decision]]:
        """Ask about a batch, group by group, each beside what the groups before got."""
        turn = self._placed
        if len(batch) == 1:
            if turn != context.turn or budget is not unlimited:
                context = replace(context, turn=turn, stop=budget())
            return [(batch[0], alone(batch[0], self._cluster, context, trial, self._waiting.last()))]
        found: list[tuple[Wish, Decision]] = []
        for group in by_policy(batch):
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
