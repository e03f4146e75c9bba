"""Numbers in termination messages: whatever programs write there."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from bayplan_operator.cli.text import graph as text
from bayplan_operator.cli.text.table import Screen
from bayplan_operator.kube import wire
from bayplan_operator.translate.self_report import read, self_report
from tests.unit.cli import sample


def test_numbers_are_taken() -> None:
    report = read(' {"accuracy": 0.93, "loss": -1.5e-3, "steps": 12, "top-1.f1_score": 0}\n')
    assert report.numbers == {"accuracy": 0.93, "loss": -0.0015, "steps": 12.0, "top-1.f1_score": 0.0}
    assert report.ignored == ""


@pytest.mark.parametrize("message", ["", "  \n", "done", "[1, 2]", "3", "null", '"t"', "[" * 4000, "\x00"])
def test_a_task_need_not_say_anything(message: str) -> None:
    assert read(message).numbers == {}
    assert read(message).ignored == ""


GARBAGE = ["{", '{"a": NaN}', '{"a": 1} b', '{"a": ' * 600, "{1: 2}"]
FIELDS = [{"a": "1"}, {"a": True}, {"a": None}, {"a": [1]}, {"": 1}, {"a b": 1}, {"ä": 1}, {"9": 1}, {"a" * 41: 1}, {"a": 1e99}]


@pytest.mark.parametrize("message", GARBAGE)
def test_what_is_no_object_is_ignored_in_words(message: str) -> None:
    report = read(message)
    assert report.numbers == {}
    assert 'such as {"accuracy": 0.93}' in report.ignored


@pytest.mark.parametrize("field", FIELDS)
def test_fields_that_are_no_numbers_are_left_out(field: dict[str, Any]) -> None:
    report = read(json.dumps({"good": 1, **field}))
    assert report.numbers == {"good": 1.0}
    assert report.ignored.startswith("1 of the termination message's fields")


def test_their_number_is_bounded() -> None:
    report = read(json.dumps({f"m{n}": n for n in range(100)}))
    assert list(report.numbers) == [f"m{n}" for n in range(8)]
    assert report.ignored == "92 fields beyond the first 8"


def pod(*names: str) -> wire.Pod:
    """Statuses are sorted by name, as a kubelet's are; each container reports its name's place."""
    messages = {name: f'{{"place": {place}}}' for place, name in enumerate(sorted(names))}
    statuses = [{"name": name, "state": {"terminated": {"message": said}}} for name, said in messages.items()]
    raw = {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": name} for name in names]},
        "status": {"phase": "Succeeded", "containerStatuses": statuses},
    }
    return msgspec.convert(raw, wire.Pod, strict=False)


def test_the_first_container_of_the_spec_speaks() -> None:
    assert self_report(pod("worker", "agent")).numbers == {"place": 1.0}
    assert self_report(pod("agent", "worker")).numbers == {"place": 0.0}
    assert self_report(msgspec.convert({"metadata": {}}, wire.Pod)).numbers == {}


def test_show_says_what_was_reported_and_what_was_ignored() -> None:
    def told(message: str) -> str:
        ended = sample.pod("check", 0, 1, "cpu-0", "Succeeded", 8, 10, message=message)
        with_container = msgspec.structs.replace(ended, spec=wire.PodSpec("cpu-0", [wire.Container("main")]))
        return text.full(sample.report(pods=(*sample.PODS[:-1], with_container)), Screen(80))

    assert "What the tasks report of themselves\ncheck: accuracy 0.75\n" in told('{"accuracy": 0.75}')
    assert "check: ignored: the termination message is not a JSON object" in told("{done")
    assert "report of themselves" not in told("")
    assert "report of themselves" not in told("done")
