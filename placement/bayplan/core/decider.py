"""The one decider: in the operator, in the simulator and behind `plan`."""

from collections.abc import Hashable, Mapping
from dataclasses import replace

from bayplan.admission.line.line import Line
from bayplan.admission.line.parts import LineInParts
from bayplan.admission.preemption.state import PreemptionState
from bayplan.admission.promises.promises import Promises
from bayplan.admission.shares import QueueShares, SharesState
from bayplan.admission.starts.snapshot import LineSnapshot, taken
from bayplan.admission.tree import QueueTree
from bayplan.admission.whole_graphs.admitting import Admitting
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.trial import Trial
from bayplan.core.batch import alone, in_groups
from bayplan.core.budget import PlacingBudget, unlimited
from bayplan.core.changes import Changes, KnowledgeSnapshot
from bayplan.core.joining import joining
from bayplan.core.noticing import Noticing
from bayplan.core.preempting import Preempting
from bayplan.core.said import Said
from bayplan.core.waiting import Everyone, MayFit, Waiting, may_fit_later, may_leave_out
from bayplan.core.wishes import in_arrival, policy_of, refuses_by_load
from bayplan.model.decision import Decision, Outcome
from bayplan.model.workload import Request, RequestClass
from bayplan.strategy.assigning.one_at_a_time import goes_alone
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.wish import Wish


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
        self.whole = Admitting(cluster)
        self._unit_by_unit = True
        """Where queues rule: their line is asked about unit by unit."""
        self._shares: QueueShares | None = None
        """What queues have had, where they rule anything."""
        self._said = Said()
        self._anything = False
        """Any answer may be another since the last decision."""
        self._preempting = Preempting(cluster, self._promises)
        self._noticing = Noticing(cluster)

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

    def snapshot(self, now: float) -> LineSnapshot:
        """What has to be known to say when what waits is expected to start. O(requests + occupants)."""
        return taken(self._cluster, tuple(self._wishes.values()), self._tree, self._shares, self._promises, now)

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
        if changes.graphs is not None:
            if self.whole.take(changes.graphs):
                self._waiting.freed(())
            for wish in self.whole.apart():
                self._want(wish)
        if changes.shares is not None and self._shares is not None:
            self._shares.restore(changes.shares)
        if changes.promised is not None:
            self._promises.recall(changes.promised)
        for wish in changes.wanted:
            self._want(wish)
        if changes.knowledge is not None:
            self._know(changes.knowledge)
        for first in changes.released:
            if self._preempting.release(first):
                self._again()
        if changes.preemption is not None:
            self._preempting.restore(changes.preemption)
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
        self._said.begin(self._wishes)
        context = self._knowledge.context(now, self._placed, self._seed, self._refused)
        try:
            with self._cluster.trial() as trial:
                if self._preempting.idle:
                    return self._asked_all(context, trial, budget)
                return self._with_holds(context, trial, budget)
        finally:
            self._waiting.done()
            self._preempting.end()

    @property
    def again_at(self) -> float:
        """When to decide again though nothing happens: a hold ends then, or something may be evicted that is safe until then.
        In seconds since the epoch; infinite: there is no need."""
        return self._preempting.again_at

    @property
    def preemption(self) -> PreemptionState:
        """What is held, and what else a decider needs to know of pre-emption that comes after this one."""
        return self._preempting.state()

    def _with_holds(self, context: Context, trial: Trial, budget: PlacingBudget) -> Outcome:
        """Where queues evict: first what room was kept for, then all others, then plans for what still waits."""
        begun = self._preempting.begin(self._wishes, context, trial)
        if begun.ended:
            self._again()
        for wish, _ in begun.placed:
            self._drop(wish.request.id)
        self._placed += len(begun.placed)
        self._go_beside(begun.placed)
        try:
            found = self._asked_all(replace(context, turn=self._placed), trial, budget)
            ids = [each.request_id for each in found.placements]
            if self._preempting.placed(ids):
                self._again()  # in the next decision, others may have what was kept
            self._preempting.placed([wish.request.id for wish, _ in begun.placed])
            context = replace(context, turn=self._placed, stop=budget())
            # Plans come last: what is to be asked about once more may yet have a place.
            holds, evictions = ([], []) if found.unfinished else self._preempting.plan(self._wishes, context)
            if ids or begun.placed:
                self._preempting.look_again(context.now)
        except BaseException:
            self._put_back([wish for wish, _ in begun.placed])
            raise
        said = {each.request_id: self._preempting.said(each.request_id) or each for each in found.waiting}
        said.update((each.request_id, each) for hold in holds for each in self._preempting.waiting(hold))
        placements = (*(decision for _, decision in begun.placed), *found.placements)
        acted = tuple(holds), tuple(evictions), tuple(begun.in_vain)
        return Outcome(placements, *acted, tuple(said.values()), found.unfinished)

    def _asked_all(self, context: Context, trial: Trial, budget: PlacingBudget) -> Outcome:
        """Ask about what may have a place, part by part."""
        batch = self._waiting.batch(context)
        if not batch:
            return Outcome(waiting=() if self._said.complete else self._said.of_their_key({}, self._wishes))
        placed: list[tuple[Wish, Decision]] = []
        waiting: dict[Hashable, Decision] = {}
        try:
            while batch:
                for wish, decision in self.whole.asked(batch, trial, lambda few: self._asked(few, context, trial, budget)):
                    if decision.node is None:
                        decision = self._waiting.refused(wish, decision)
                        waiting[wish.request.id] = decision
                        self._said.say(wish, decision, self._anything, self._strategy is not None)
                    else:
                        self._drop(wish.request.id)
                        self._placed += 1
                        placed.append((wish, decision))
                        waiting.pop(wish.request.id, None)
                self._waiting.settled()
                batch = self._waiting.batch(context) or self._apart(context)
        except BaseException:
            self.whole.withdraw()
            self._waiting.done()
            self._put_back([wish for wish, _ in placed])
            raise
        self._waiting.done()
        self._anything = False
        self._go_beside(placed)
        if placed:
            self._waiting.moved()
        said = (*waiting.values(), *self._said.of_their_key(waiting, self._wishes))
        return Outcome(tuple([decision for _, decision in placed]), waiting=said, unfinished=self._waiting.unfinished)

    def why(self, request: Request) -> Decision | None:
        """What was said last of a request that waits, of it or of those alike; `None`: nothing. Of one that was just placed:
        what was said before."""
        return self._preempting.said(request.id) or self._said.why(request)

    def explain(self, now: float, budget: PlacingBudget = unlimited) -> tuple[Decision, ...]:
        """What would be said of every request that waits as things stand now; nothing is placed by it."""
        self._notice()
        batch = sorted(self._wishes.values(), key=in_arrival)
        context = self._knowledge.context(now, self._placed, self._seed, self._refused)
        with self._cluster.trial() as trial, self._preempting.kept(self._wishes):
            found = self.whole.tried(batch, trial, lambda few: self._asked(few, context, trial, budget))
        return tuple(self._preempting.said(each.request_id) or each for _, each in found)

    def on(self, cluster: Cluster, knowledge: KnowledgeSnapshot) -> "Decider":
        """Another decider, on another cluster and with other knowledge, for the same requests."""
        other = Decider(cluster, self._seed, self._shortcuts)
        wishes, graphs = tuple(sorted(self._wishes.values(), key=in_arrival)), self.whole.told
        other.update(Changes(wishes, knowledge=knowledge, placed=self._placed, queues=self._tree, graphs=graphs))
        return other

    def _apart(self, context: Context) -> list[Wish]:
        """Requests of graphs that were just admitted as a whole are asked about by themselves; others waited like them."""
        apart = self.whole.apart()
        if apart:
            self._waiting.done()
        for wish in apart:
            self._want(wish)
        return self._waiting.batch(context) if apart else []

    def _go_beside(self, placed: list[tuple[Wish, Decision]]) -> None:
        """Of gangs of which a part was placed, those that wait on know where that is."""
        for id_, wish in joining(placed, self._wishes).items():
            before = self._wishes.pop(id_)  # it joins the line once more, as what is wanted again does
            self._waiting.remove(before)
            self._preempting.leaves(before)
            self._wishes[id_] = wish
            self._waiting.add(wish)
            self._preempting.joins(wish, arrives=False)
            self._said.name(id_, self._waiting.alike(wish))

    def _again(self) -> None:
        self._waiting.again()
        self._anything = True

    def _want(self, wish: Wish) -> None:
        promised = self._promises.record(wish.request.id)
        before = self._drop(wish.request.id)
        if promised is not None:  # it waits on: what it was promised holds
            self._promises.recall({wish.request.id: promised})
        said = None if before is None else self.why(before.request)
        self._add(wish)
        self._preempting.joins(wish, arrives=before is None)
        if said is not None:
            self._said.keep(wish.request.id, said)

    def _add(self, wish: Wish) -> None:
        if self._tree is None or not self._tree.rules:
            self._choose_line(wish)
        else:
            self._choose_order(wish)
        self._wishes[wish.request.id] = wish
        self._said.joins(wish)
        self.whole.waits(wish)
        self._waiting.add(wish)
        self._said.name(wish.request.id, self._waiting.alike(wish))

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
        """Where queues rule: whether units can be asked about one by one, with a wish that joins. Where a queue may reserve,
        they always are, since what a planner finds for many at once may lie where something is promised."""
        alone = goes_alone(wish) or (self._tree is not None and self._tree.reserves)
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
        self._said.forget()
        waiting = sorted(self._wishes.values(), key=in_arrival)
        self._wishes.clear()
        self._waiting = Everyone()
        self._preempting.queue_up(tree)
        for each in waiting:
            self._add(each)
            self._preempting.joins(each, arrives=False)
        self._anything = True

    def _leave_none_out(self) -> None:
        """From now on everything is asked about that waits, as long as anything does."""
        self._said.one_by_one(self._wishes)
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
            self._said.name(each.request.id, self._waiting.alike(each))

    def _put_back(self, wishes: list[Wish]) -> None:
        """They wait as if they had not been placed, since the caller does not get to know that they were."""
        self._placed -= len(wishes)
        for each in wishes:
            self._wishes[each.request.id] = each
            self._said.returns(each)
            self._preempting.joins(each, arrives=False)
        self._line_up()

    def _drop(self, id_: Hashable) -> Wish | None:
        if (wish := self._wishes.pop(id_, None)) is not None:
            self._said.leaves(wish, self._waiting.remove(wish))
            self._preempting.leaves(wish)
            self.whole.left(wish)
        return wish

    def _know(self, knowledge: KnowledgeSnapshot) -> None:
        if knowledge.load is not self._knowledge.load:
            strategies = {id(each.strategy): each.strategy for each in self._wishes.values()}
            if any(refuses_by_load(each) for each in strategies.values()):
                self._again()
        self._knowledge = knowledge

    def _notice(self) -> None:
        """See what has become free, and whether nodes have changed, or pods that matter for others."""
        news = self._noticing.look()
        if news.near:
            self._notice_neighbours(news.terms)
        if news.anything:
            self._again()
        elif news.freed is not None:
            self._waiting.freed(news.freed)

    def _notice_neighbours(self, new_terms: bool) -> None:
        """Pods came or went that are near to others; where nothing that waits minds, that changes nothing."""
        if self._strategy is None:
            # What is only kept off by terms of other pods hears of their leaving as of anything that becomes free.
            if any(each.request.neighbour is not None and each.request.neighbour.asks for each in self._wishes.values()):
                self._waiting.again()
        elif new_terms and any(self._cluster.neighbours.concern(each.request.neighbour) for each in self._wishes.values()):
            self._leave_none_out()

    def _asked(self, batch: list[Wish], context: Context, trial: Trial, budget: PlacingBudget) -> list[tuple[Wish, Decision]]:
        """Ask about a batch, each group beside what the groups before got."""
        turned = replace(context, turn=self._placed) if self._placed != context.turn else context
        if len(batch) == 1:
            if budget is not unlimited:
                turned = replace(turned, stop=budget())
            return [(batch[0], alone(batch[0], self._cluster, turned, trial, self._waiting.last()))]
        return in_groups(batch, self._cluster, turned, trial, budget)
