"""Tasks with candidates: what else has to be said of them, and what must not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..v1alpha1 import DEFAULT_WORTH, MIN_CANDIDATES, Choose, Task, TaskGraphSpec
from .template import template_problems
from .words import nearest, shown

_LARGEST = 1e100


def candidate_problems(spec: TaskGraphSpec) -> Iterator[str]:
    """Problems of candidates and of how they are chosen. Conditions, and the pods that come out, are looked at elsewhere."""
    templates = [named.name for named in spec.templates]
    named = {task.name: position for position, task in enumerate(spec.tasks)} if any(t.candidates for t in spec.tasks) else {}
    for position, task in enumerate(spec.tasks):
        where = f'spec.tasks[{position}] ("{task.name}")'
        if not task.candidates:
            if task.choose is not None:
                yield f"{where} has choose and no candidates: name {MIN_CANDIDATES} or more, or leave choose out"
            continue
        yield from _list(where, task)
        yield from _templates(position, task, templates)
        for each in task.candidates:
            learned = f"{task.profile or task.name}--{each.name}"
            if learned in named:
                yield (
                    f"{where} has the candidate {each.name}, which is learned as {learned}, and that is the name of "
                    f"spec.tasks[{named[learned]}]: rename one of them"
                )
        if task.choose is None:
            yield f"{where} has candidates and no choose: say how one is chosen, such as choose: {{by: Rule}}"
        else:
            yield from _choose(f"spec.tasks[{position}].choose", task, task.choose)


def _list(where: str, task: Task) -> Iterator[str]:
    if len(task.candidates) < MIN_CANDIDATES:
        yield f"{where} has one candidate: name {MIN_CANDIDATES} or more, or give the task its template"
    for name, count in Counter(each.name for each in task.candidates).items():
        if count > 1:
            yield f'{where} has {count} candidates with the name "{name}": names must be unique in the task'
    for field in ("stages", "gang", "fuse", "backups"):
        if getattr(task, field):
            yield f"{where} has candidates and {field}: they exclude each other, keep one of them"


def _templates(position: int, task: Task, known: Sequence[str]) -> Iterator[str]:
    for number, each in enumerate(task.candidates):
        where = f"spec.tasks[{position}].candidates[{number}]"
        if each.template is not None:
            yield from template_problems(f"{where}.template", each.template)
        if each.template_name is None:
            continue
        if each.template is not None:
            yield f'{where} ("{each.name}") has template and templateName: they exclude each other, keep one of them'
        elif each.template_name not in known:
            advice = nearest(each.template_name, known, what="names in spec.templates")
            yield f"{where}.templateName is {shown(each.template_name)}: no such template in spec.templates; {advice}"


def _choose(where: str, task: Task, choose: Choose) -> Iterator[str]:
    names = [each.name for each in task.candidates]
    if choose.by == "Rule":
        given = [("metric", choose.metric is not None), ("goal", choose.goal != "Maximize")]
        for position, rule in enumerate(choose.rules):
            yield from _known(f"{where}.rules[{position}].candidate", rule.candidate, names)
        if choose.default is not None:
            yield from _known(f"{where}.default", choose.default, names)
    else:
        given = [("rules", bool(choose.rules)), ("default", choose.default is not None)]
        if choose.metric is None:
            yield f'{where}.metric is missing: {choose.by} goes by a number that the pods of "{task.name}" say of themselves'
    if choose.by == "Auction":
        yield from _prices(where, choose)
    else:
        given += [("worth", choose.worth != DEFAULT_WORTH), ("pricePerSecond", choose.price_per_second != 0)]
    for field, said in given:
        if said:
            yield f"{where} has {field} and by: {choose.by}, which does not look at it: leave {field} out"
    if choose.retry_failed and choose.every != "Round":
        yield f"{where} has retryFailed and no every: Round: only a later round can choose again what has failed"


def _prices(where: str, choose: Choose) -> Iterator[str]:
    if not 0 < choose.worth <= _LARGEST:
        yield f'{where}.worth is "{choose.worth:g}": it must be a number above 0, of at most {_LARGEST:g}'
    if not 0 <= choose.price_per_second <= _LARGEST:
        yield f'{where}.pricePerSecond is "{choose.price_per_second:g}": it must be a number from 0 to {_LARGEST:g}'


def _known(where: str, name: str, names: Sequence[str]) -> Iterator[str]:
    if name not in names:
        yield f"{where} is {shown(name)}: no such candidate; {nearest(name, names, what='candidates of the task')}"
