"""What becomes of each object of a file: it is read, kept for others, passed over, or only looks like one that is read."""

import difflib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from bayplan_operator import names
from bayplan_operator.api.core_types import misfits
from bayplan_operator.api.validation.words import shown
from bayplan_operator.translate.admission import AdmissionObjects, MalformedObject
from bayplan_operator.workflows.checks.fields_of_kinds import fault_of
from bayplan_operator.workflows.documents import Document, name
from bayplan_operator.workflows.files.findings import all_of

_KEPT = {"LimitRange": "v1", "RuntimeClass": "node.k8s.io/v1"}
_NOT_READ = (names.TASK_PROFILE,)
"""Kinds of ours that files may hold, and that are passed over."""
_CLOSE = 0.8
"""The least likeness of a close name, as difflib's ratio (0 to 1): TaskGraf is close to TaskGraph, TaskRun is not."""


class OtherObjects:
    """The objects of files that a reader does not read: what admission goes by is taken in, the rest is counted."""

    def __init__(
        self, known: Mapping[str, str], advice: Mapping[str, str] | None = None, admission: AdmissionObjects | None = None
    ) -> None:
        """`known`: the kinds that are read, with their apiVersion. `advice`: what to say of a kind that is passed over.
        `admission`: takes what admission goes by; `None`: that is passed over, too."""
        self._admission = admission
        self._known, self._advice = known, advice or {}
        self._passed: Counter[str] = Counter()
        self._files: dict[Path, None] = {}

    def take(self, document: Document) -> bool:
        """Whether the object is none for the reader. Raises `InputError` if it only looks like another."""
        kind, version = document.value.get("kind"), document.value.get("apiVersion")
        right = self._known.get(kind) if isinstance(kind, str) else None
        # Nodes that are written for simulations often have no apiVersion.
        if kind is None or (right is not None and version in ((right, None) if right == "v1" else (right,))):
            return False
        if not isinstance(kind, str) or not kind:
            raise document.fault(f"kind is {shown(kind)}: it must be a string such as {next(iter(self._known))}", "kind")
        if kind in _KEPT and self._admission is not None:
            self._keep(document, kind, self._admission)
        else:
            wrong = _near_miss(kind, version, self._known)
            if wrong is not None:
                raise document.fault(*wrong)
            self._passed[kind] += 1
            self._files[document.path] = None
        return True

    @property
    def listed(self) -> str:
        """`passed over: Namespace (1), Secret (2)`; empty: nothing was."""
        advice = "".join(f"; {self._advice[kind]}" for kind in self._passed if kind in self._advice)
        kinds = ", ".join(f"{kind} ({count})" for kind, count in self._passed.items())
        return f"passed over: {kinds}{advice}" if kinds else ""

    def sentences(self) -> list[str]:
        """On what was passed over: one, or none."""
        where = name(next(iter(self._files), Path())) if len(self._files) == 1 else f"{len(self._files)} files"
        return [f"{where}: {self.listed}"] if self._passed else []

    def _keep(self, document: Document, kind: str, admission: AdmissionObjects) -> None:
        wrong = all_of(fault_of(document, misfit) for misfit in misfits(f"V1{kind}", document.value, ""))
        if document.value.get("apiVersion") != _KEPT[kind]:
            version = shown(document.value.get("apiVersion"))
            raise document.fault(f'apiVersion is {version}: it must be "{_KEPT[kind]}"', "apiVersion")
        if wrong is not None:
            raise wrong
        try:
            admission.take(document.value)
        except MalformedObject as error:
            raise document.fault(str(error), str(error).split(" ", 1)[0].rstrip(":")) from error


def _near_miss(kind: str, version: object, known: Mapping[str, str]) -> tuple[str, str] | None:
    """The sentence and the field, if the object is nearly one that is read."""
    group = version.rpartition("/")[0] if isinstance(version, str) else ""
    if kind in known and (_of_bayplan(known[kind]) or not _foreign(group, known[kind])):
        return f'apiVersion is {shown(version)}: it must be "{known[kind]}"', "apiVersion"
    lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(kind.lower(), lower, n=1, cutoff=_CLOSE)
    if found and kind not in known and not _foreign(group, known[lower[found[0]]]):
        return f'kind is {shown(kind)}: there is no such kind; did you mean "{lower[found[0]]}"?', "kind"
    if group == names.GROUP and names.TASK_GRAPH in known and kind not in _NOT_READ:
        return f"kind is {shown(kind)}: {names.GROUP} has no such kind; it must be one of {', '.join(known)}", "kind"
    return None


def _of_bayplan(version: str) -> bool:
    return version == names.API_VERSION


def _foreign(group: str, version: str) -> bool:
    """The group is another one, and not the same one misspelt."""
    ours = version.rpartition("/")[0]
    return "." in group and difflib.SequenceMatcher(None, group, ours).ratio() < _CLOSE
