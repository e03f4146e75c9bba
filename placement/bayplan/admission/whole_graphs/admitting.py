"""Admits graphs as a whole: each is charged before the first of its pods gets a place, or waits with all it asks."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace

from bayplan.admission.whole_graphs.needs import GraphNeeds
from bayplan.admission.whole_graphs.whole_graph import Charged, WholeGraph
from bayplan.admission.whole_graphs.words import whole_in_words
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import GraphCharge
from bayplan.cluster.trial import Trial
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.strategy.wish import Wish

Ask = Callable[[list[Wish]], list[tuple[Wish, Decision]]]
"""Asks planners about wishes, and takes the places that they find on trial."""
Answers = list[tuple[Wish, Decision]]


class Admitting:
    """The graphs that it was told of. What it keeps follows from that, and from the rows of quotas."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._needs: dict[Hashable, GraphNeeds] = {}
        self._kinds: dict[Hashable, int] = {}
        """Numbers of graphs that need the same, while any graph is known."""
        self._wishes: dict[Hashable, dict[Hashable, Wish]] = {}
        """By graph that is not admitted, those of it that wait, by id."""
        self._apart: list[Hashable] = []
        """Graphs that were admitted, are no longer admitted as a whole, or ask for something else, since `apart` was asked."""
        self._new: dict[Hashable, GraphCharge] = {}
        """Charged since the last decision was answered."""

    @property
    def told(self) -> Mapping[Hashable, WholeGraph]:
        """What it knows of each graph, for another decider."""
        return {id_: each.told for id_, each in self._needs.items()}

    def take(self, graphs: Mapping[Hashable, WholeGraph | None]) -> bool:
        """By graph, what is known of it from now on; `None`: it is over, or is not admitted as a whole. Whether others may hold
        more by that. O(changed graphs); an antichain of a graph is sought again only if a task of it has ended."""
        freed = False
        for id_, told in graphs.items():
            if told is None:
                if id_ in self._wishes:
                    self._apart.append(id_)  # each of them is charged by itself from now on
                freed |= self._forget(id_)
                continue
            kind = self._kinds.setdefault((told.queue, told.demand.signature, told.over.tobytes()), len(self._kinds))
            self._cluster.quotas.graphs.follow(id_, kind)
            if id_ in self._needs:
                before = self._needs[id_].told
                self._needs[id_].take(told)
                if told.charge is None and id_ in self._wishes and not _asks_as(told, before):
                    self._apart.append(id_)
            else:
                self._needs[id_] = GraphNeeds(told)
            if told.charge is not None:
                self._wishes.pop(id_, None)
            freed |= self._cluster.charge_graph(id_, self._needs[id_].left())
        return freed

    def waits(self, wish: Wish) -> None:
        """A request wants a place."""
        graph = wish.request.graph
        if graph in self._needs and self._needs[graph].told.charge is None:
            self._wishes.setdefault(graph, {})[wish.request.id] = wish

    def left(self, wish: Wish) -> None:
        """It wants none any more, or has it."""
        waiting = self._wishes.get(wish.request.graph)
        if waiting is not None:
            waiting.pop(wish.request.id, None)
            if not waiting:
                del self._wishes[wish.request.graph]

    def apart(self) -> list[Wish]:
        """Requests that wait of graphs that were just admitted, so that no other graph's are like them from now on, that are no
        longer admitted as a whole, or that ask for something else."""
        found = [each for id_ in self._apart for each in self._wishes.pop(id_, {}).values()]
        self._apart.clear()
        return found

    def asked(self, batch: list[Wish], trial: Trial, ask: Ask) -> Answers:
        """One decision for each wish, in their order: first about each graph as a whole that is not admitted yet.

        A graph is admitted only if a pod of it gets a place at once. Where it gets none, the next way to choose its rows is
        tried, and the others of the batch are asked about without it. Passes: at most the ways of all graphs of the batch.
        """
        open_ = self._open(batch)
        if not open_:
            return ask(batch)
        way, refused = dict.fromkeys(open_, 0), dict[Hashable, dict[Hashable, Decision]]()
        while True:
            going = {id_: charge for id_ in open_ if id_ not in refused and (charge := self._charge(id_, way))}
            for id_ in open_:
                if id_ not in going and id_ not in refused:
                    refused[id_] = {}
            mark, asked = trial.mark(), [each for each in batch if each.request.graph not in refused]
            found = ask(asked) if asked else []
            placed = {wish.request.graph for wish, decision in found if decision.node is not None}
            failed = [id_ for id_ in going if id_ not in placed]
            if not failed:
                break
            for id_ in failed:
                self._cluster.quotas.charge_graph(id_, None)
                if way[id_] >= len(self._needs[id_].ways(self._cluster)):
                    refused[id_] = {wish.request.id: each for wish, each in found if wish.request.graph == id_}
            for id_ in going.keys() - failed:
                self._cluster.quotas.charge_graph(id_, None)
                way[id_] -= 1
            trial.undo(mark)
        for id_, charge in going.items():
            self._admit(id_, charge)
        answers = {wish.request.id: decision for wish, decision in found}
        for each in refused.values():
            answers.update(each)
        return [(each, answers.get(each.request.id) or self._too_much(each)) for each in batch]

    def tried(self, batch: list[Wish], trial: Trial, ask: Ask) -> Answers:
        """The same, of which nothing comes: no graph is admitted by it."""
        found = self.asked(batch, trial, ask)
        self.withdraw()
        return found

    def charged(self) -> tuple[Charged, ...]:
        """Graphs that were admitted since it was asked last."""
        found = tuple(Charged(id_, charge) for id_, charge in self._new.items())
        self._new.clear()
        return found

    def withdraw(self) -> None:
        """Graphs that were admitted since then are not: nothing comes of it."""
        for id_ in self._new:
            needs = self._needs[id_]
            needs.take(replace(needs.told, charge=None))
            self._cluster.quotas.charge_graph(id_, None)
        self._new.clear()
        self._apart.clear()

    # Inside

    def _open(self, batch: Sequence[Wish]) -> dict[Hashable, None]:
        """The graphs of a batch that are to be admitted, in the order of their first wishes."""
        if not self._needs:
            return {}
        ids = dict.fromkeys(each.request.graph for each in batch)
        return {id_: None for id_ in ids if id_ in self._needs and self._needs[id_].told.charge is None}

    def _charge(self, id_: Hashable, way: dict[Hashable, int]) -> GraphCharge | None:
        """Charge the first way to choose its rows, from a number on, for which there is enough; `None`: there is none."""
        quotas, needs = self._cluster.quotas, self._needs[id_]
        ways, number = needs.ways(self._cluster), quotas.limited(needs.told.queue)
        quotas.graphs.ask(id_, [needs.amounts(each, quotas) for each in ways])
        while way[id_] < len(ways):
            charge = ways[way[id_]]
            way[id_] += 1
            beyond = quotas.graphs.beyond(id_, needs.amounts(charge, quotas))
            if all(quotas.rows[row].rest(number) >= amount for row, amount in beyond.items()):
                quotas.charge_graph(id_, charge)
                return charge
        return None

    def _admit(self, id_: Hashable, charge: GraphCharge) -> None:
        needs = self._needs[id_]
        needs.take(replace(needs.told, charge=charge))
        self._new[id_] = charge
        self._apart.append(id_)

    def _too_much(self, wish: Wish) -> Decision:
        needs = self._needs[wish.request.graph]
        words = whole_in_words(self._cluster.quotas, needs.told, needs.ways(self._cluster))
        return Decision(wish.request.id, None, Reason.QUOTA_EXCEEDED, words)

    def _forget(self, id_: Hashable) -> bool:
        if self._needs.pop(id_, None) is None:
            return False
        self._new.pop(id_, None)
        if not self._needs:
            self._kinds.clear()
        freed = self._cluster.charge_graph(id_, None)
        self._cluster.quotas.graphs.forget(id_)
        return freed


def _asks_as(one: WholeGraph, other: WholeGraph) -> bool:
    """Whether both ask for the same of the same queue."""
    same = one.queue == other.queue and one.demand.signature == other.demand.signature
    return same and one.over.tobytes() == other.over.tobytes()
