"""What the annotations for simulated nodes give of how a graph goes on: results, exit codes, and the number of rounds."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bayplan.lifecycle import Value
from bayplan.simulation import Ending, Rounds
from bayplan_operator.translate.rounds_task import rounds_task
from bayplan_operator.translate.task_graph import Prepared
from bayplan_operator.workflows.annotations import EXIT_CODE, FAILING, MESSAGE, RESULTS, ROUNDS
from bayplan_operator.workflows.documents import Document

_FORM = "'{\"accuracy\": 0.9}', or a list of such objects, one for each round"
_MAX_EXIT_CODE = 255
_BY_LEARNING = "goes by what was learned, and nothing is here (bayplan simulate and compare learn with --learn)"


def endings(document: Document, prepared: Prepared) -> tuple[Ending, ...]:
    """Per task; none where tasks follow each other whatever they say. Raises `InputError`."""
    if prepared.relations.flow is None and not prepared.candidates:
        return ()
    return tuple(
        ending(document, f"spec.tasks[{number}]", template.metadata) for number, template in enumerate(prepared.templates)
    )


def rounds(document: Document, prepared: Prepared, metadata: Mapping[str, Any]) -> Rounds | None:
    """When the rounds of a graph are over; none: nothing repeats. Raises `InputError`."""
    found = prepared.relations.repeating
    if found is None:
        return None
    text = (metadata.get("annotations") or {}).get(ROUNDS)
    expected = None
    if text is not None:
        expected = _whole(str(text))
        if expected is None or not 1 <= expected <= found.rule.most:
            place = "metadata.annotations"
            sentence = (
                f'{place}.{ROUNDS} is "{text}": it must be a number of rounds from 1 to spec.rounds.max, {found.rule.most}'
            )
            raise document.fault(sentence, place)
    return Rounds(
        found.rule,
        time_out=found.timeout,
        by_p95=found.by_p95,
        lots=found.sampling,
        joint=found.joint,
        expected=expected,
        task=rounds_task(prepared),
    )


def only_by_learning(name: str, prepared: Prepared) -> Iterator[str]:
    """What a simulation does only if it learns run times, one sentence each."""
    found, flow = prepared.relations.repeating, prepared.relations.flow
    if flow is not None and any(rule.learned for rule in flow.backups):
        yield f"graph {name}: backups.after: p95 {_BY_LEARNING}: only pods that have failed for good get a backup by it"
    if found is not None and found.by_p95:
        yield f"graph {name}: spec.rounds.timeout: p95 {_BY_LEARNING}: a round waits until all its shards have ended"


def ending(document: Document, where: str, metadata: Mapping[str, Any]) -> Ending:
    """Of a template. `where`: the task, or its candidate, such as `spec.tasks[2]`. Raises `InputError`."""
    said = metadata.get("annotations") or {}
    place = f"{where}.template.metadata.annotations"
    code = _whole(str(said.get(EXIT_CODE, 0)))
    if code is None or code > _MAX_EXIT_CODE:
        sentence = f'{place}.{EXIT_CODE} is "{said[EXIT_CODE]}": it must be an exit code from 0 to {_MAX_EXIT_CODE}'
        raise document.fault(sentence, place)
    failing = [_whole(each) for each in str(said.get(FAILING, "")).split(",") if each.strip()]
    if any(not each for each in failing):
        sentence = f'{place}.{FAILING} is "{said[FAILING]}": it must be numbers of attempts from 1 on, such as "1,2"'
        raise document.fault(sentence, place)
    return Ending(_results(document, place, said), code, frozenset(each for each in failing if each))


def _results(document: Document, place: str, said: Mapping[str, Any]) -> tuple[Mapping[str, Value], ...]:
    if RESULTS not in said:
        message = _json(str(said.get(MESSAGE, "")))
        return (message,) if _flat(message) else ()
    found = _json(str(said[RESULTS]))
    per_round = found if isinstance(found, list) else [found]
    if not per_round or not all(map(_flat, per_round)):
        raise document.fault(f"{place}.{RESULTS} is {str(said[RESULTS])[:64]!r}: it must be JSON such as {_FORM}", place)
    return tuple(per_round)


def _flat(found: Any) -> bool:
    return isinstance(found, dict) and all(isinstance(value, bool | int | float | str) for value in found.values())


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    return int(text) if text.strip().isascii() and text.strip().isdigit() else None
