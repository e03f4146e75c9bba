"""Foreign pods as requests: what the decider is told of them, and what is done with its decisions."""

from collections.abc import Hashable, Sequence

from bayplan.admission.whole_graphs.whole_graph import Charged
from bayplan.core.changes import Changes
from bayplan.model.decision import Decision
from bayplan.strategy.wish import Wish
from bayplan_operator.conductor.foreign.foreign_pod import Demand, ForeignId, ForeignPod, WhyWaiting
from bayplan_operator.conductor.foreign.register import ForeignRegister
from bayplan_operator.conductor.step import Tick
from bayplan_operator.translate.foreign.placed import Claim, decided
from bayplan_operator.view import PodStore
from bayplan_operator.writer import ForeignPodWriter
from bayplan_operator.writer.foreign import LettingGo


class ForeignRequests:
    """Those that want a place. The ones that get it are let go to their nodes."""

    def __init__(self, register: ForeignRegister, pods: PodStore, writer: ForeignPodWriter) -> None:
        self._register, self._pods, self._writer = register, pods, writer
        self._told: dict[Hashable, Wish] = {}
        """By id, what the decider knows."""
        self._id_of: dict[tuple[str, str], ForeignId] = {}

    def changes(self, tick: Tick) -> Changes:
        """O(touched pods)."""
        wanted: list[Wish] = []
        dropped: list[Hashable] = []
        for key in self._register.touched:
            of = self._register.by_key.get(key)
            if of is not None and of.resumes:
                self._resume(of, tick.now)
            wish, before = None if of is None else of.wish, self._id_of.get(key)
            if before is not None and (wish is None or wish.request.id != before):
                del self._id_of[key]
                if self._told.pop(before, None) is not None:
                    dropped.append(before)
            if of is not None and wish is not None and self._told.get(wish.request.id) is not wish:
                self._told[wish.request.id] = wish
                self._id_of[key] = ForeignId(of.pod.metadata.uid)
                wanted.append(wish)
        return Changes(wanted=tuple(wanted), dropped=tuple(dropped))

    def owns(self, request_id: Hashable) -> bool:
        """Whether it is the request of a foreign pod."""
        return isinstance(request_id, ForeignId)

    def charged(self, graphs: Sequence[Charged], tick: Tick) -> None:
        """No pod of them is foreign."""

    def placed(self, placements: Sequence[Decision], tick: Tick) -> None:
        """Count them where they go, and have them let go."""
        together: dict[Hashable, list[LettingGo]] = {}
        for decision in placements:
            wish, of = self._told.pop(decision.request_id), self._of(decision)
            del self._id_of[of.key]
            if of.demand is None or decision.node is None:
                raise ValueError(f"pod {'/'.join(of.key)} has no place")
            claim = Claim(of.pod.metadata.uid, decision.node, of.demand.asked.queue, decision.gpus)
            gang = wish.request.gang
            whole = decision.request_id if gang is None or gang.minimum is not None else gang.id
            together.setdefault(whole, []).append(self._claim(of, of.demand, claim, decision.others))
        for each in together.values():
            self._writer.let_go(each, tick.now)

    def waiting(self, waiting: Sequence[Decision], tick: Tick) -> None:
        """Note what was said of them."""
        for decision in waiting:
            if decision.reason is not None:
                self._register.said(self._of(decision), WhyWaiting(decision.reason.value, decision.message))

    def _resume(self, of: ForeignPod, now: float) -> None:
        """Of its gang, others have been let go: it has the place that was recorded with theirs."""
        of.resumes, claim = False, decided(of.pod)
        if claim is not None and of.demand is not None:
            self._writer.let_go([self._claim(of, of.demand, claim)], now)

    def _claim(self, of: ForeignPod, demand: Demand, claim: Claim, others: tuple[str, ...] = ()) -> LettingGo:
        """Count it where it goes."""
        of.flying, of.wish, of.words = True, None, None
        of.node, of.others, of.request_class = claim.node, others, demand.request_class
        self._pods.claim(of.key, claim)
        return LettingGo(of.pod, of.spec or {}, claim, others)

    def _of(self, decision: Decision) -> ForeignPod:
        assert isinstance(decision.request_id, ForeignId)  # it is one of ours
        return self._register.by_uid[decision.request_id.uid]
