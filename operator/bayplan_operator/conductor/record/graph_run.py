"""What the conductor holds of one task graph."""

from collections.abc import Callable, Mapping
from typing import Any

from bayplan_operator.conductor.record.admission import Admission, admission
from bayplan_operator.conductor.record.completion import Outlook
from bayplan_operator.conductor.record.decided import Decided
from bayplan_operator.conductor.record.known import Known
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.conductor.record.status import GraphStatus
from bayplan_operator.translate.pod import GraphRef
from bayplan_operator.view.inbox import Key


def _nothing(uid: str) -> None:
    """Nothing has to look at it."""


class GraphRun:
    """One TaskGraph: what is known of it, what was decided, what its status says, and how far it is."""

    def __init__(self, ref: GraphRef, known: Known, written: GraphStatus) -> None:
        self.ref, self.known, self.written = ref, known, written
        self.decided = Decided()
        self.running: Running | None = None
        """None: its shape is not settled, it was never valid, or it is over."""
        self.outlook: Outlook | None = None
        """When it is expected to end; none: not looked at yet."""
        self.told: Callable[[str], None] = _nothing
        """Told its UID, so that the tick looks at it."""

    def call(self) -> None:
        """Something may have changed that a tick should look at."""
        self.told(self.ref.uid)

    def stands(self, status: Mapping[str, Any]) -> None:
        """The API server has this status now."""
        self.written.status = dict(status)
        self.find(status)

    def find(self, status: Mapping[str, Any]) -> None:
        """What was decided stands in this status, or in none yet."""
        self.decided.find(status)
        if self.running is not None and self.running.rounds is not None:
            self.running.rounds.find(status, self.running.run.round + 1)

    def choices_stand(self) -> bool:
        """As the API server has the status now. Answers whether pods may be made that might not before."""
        if self.running is None or self.running.choices is None:
            return False
        before = self.running.choices.chosen
        settled = self.running.choices.find(self.written.status)
        if self.running.choices.chosen != before:
            self.running.follow_choices()
        return settled

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.ref.namespace, self.ref.name

    @property
    def admission(self) -> Admission:
        """How far it is on its way to its first pod."""
        return admission(self.known, self.decided)

    @property
    def startable(self) -> bool:
        """It may start pods now."""
        return self.running is not None and self.admission is Admission.ADMITTED
