"""What one graph asks of quota rows as a whole, kept until something of it ends or the rows change."""

from bayplan.admission.whole_graphs.homes import homes
from bayplan.admission.whole_graphs.whole_graph import WholeGraph
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.quotas import GraphCharge, QuotaKey, Quotas
from bayplan.cluster.quotas.graphs import Amounts
from bayplan.cluster.quotas.reach import Labels
from bayplan.model.arrays import IntArray
from bayplan.solvers.antichains import Antichain


class GraphNeeds:
    """Of one graph."""

    def __init__(self, told: WholeGraph) -> None:
        self.told = told
        self._weights: dict[tuple[QuotaKey, Labels | None], IntArray] = {}
        self._found: dict[tuple[QuotaKey, Labels | None], Antichain] = {}
        self._version = -1, -1
        self._charges: list[GraphCharge] = []

    def take(self, told: WholeGraph) -> None:
        """Told again. What was the heaviest stays so while nothing of it has ended, since tasks that are over only get more."""
        before, self.told = self.told, told
        if told.demand is not before.demand or told.queue != before.queue or (before.over & ~told.over).any():
            self._found.clear()
            self._weights.clear()
        ended = told.over & ~before.over
        for key in [key for key, each in self._found.items() if (each.members & ended).any()]:
            del self._found[key]
        self._version = -1, -1

    def left(self) -> GraphCharge | None:
        """What is charged for it by now: of each row to which it was charged, no more than what is left needs."""
        charge = self.told.charge
        if charge is None:
            return None
        rows = tuple((key, amount and min(amount, self._heaviest(key, charge.home))) for key, amount in charge.rows)
        return GraphCharge(charge.queue, rows, charge.home)

    def ways(self, cluster: Cluster) -> list[GraphCharge]:
        """Before it is admitted: what would be charged, for each way to choose its rows. O(quota rows) antichains at most."""
        quotas, version = cluster.quotas, (cluster.quotas.version, cluster.static_version)
        if self._version == version:
            return self._charges
        number = quotas.limited(self.told.queue)
        keys = [each.limits.key for each in quotas.rows if number >= 0 and each.limits.limited[number]]
        self._version, self._charges = version, []
        keys = [key for key in keys if any(self.told.demand.weights(key, key.node_selector))]
        for home in homes(self.told.demand, keys, cluster):
            rows = tuple((key, self._heaviest(key, home)) for key in keys)
            self._charges.append(GraphCharge(self.told.queue, rows, home))
        return self._charges

    def amounts(self, charge: GraphCharge, quotas: Quotas) -> Amounts:
        """By the numbers of the rows, where anything is asked."""
        asked = dict(charge.rows)
        keys = [each.limits.key for each in quotas.rows]
        return {number: amount for number, key in enumerate(keys) if (amount := asked.get(key, 0))}

    def _heaviest(self, key: QuotaKey, home: Labels | None) -> int:
        at = key, home if key.node_selector else None
        found = self._found.get(at)
        if found is None:
            if at not in self._weights:
                self._weights[at] = self.told.demand.weights(key, home)
            found = self._found[at] = self.told.demand.heaviest(self._weights[at], self.told.over)
        return found.weight
