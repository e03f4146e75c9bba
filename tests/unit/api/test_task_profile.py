"""Numbers of TaskProfiles and sizes of inputs: exact as text, refused in words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.knowledge.run_times import Evidence
from bayplan.knowledge.run_times.evidence import of_run
from bayplan_operator import names
from bayplan_operator.api.v1alpha1.scalars import DECIMAL
from bayplan_operator.cli import main
from bayplan_operator.translate.task_graph import InvalidGraph, prepare
from bayplan_operator.translate.task_profile import InvalidProfile, identify, read, write_sums

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(FLOATS)
def test_every_number_has_a_text_that_the_schema_takes_and_that_gives_it_back(value: float) -> None:
    text = repr(value)
    assert re.fullmatch(DECIMAL, text)
    assert len(text) <= 48
    assert float(text) == value


@given(st.lists(st.floats(0.01, 1e7), min_size=1, max_size=20), st.floats(1.0, 1e12))
def test_sums_that_are_written_and_read_are_the_same(seconds: list[float], size: float) -> None:
    sums = Evidence()
    for number, each in enumerate(seconds):
        sums = sums.times(0.98).plus(of_run(each, size + number if number % 2 else None))
    status = {"nodeClasses": [{"name": "k", "runs": len(seconds), "sums": write_sums(sums)}]}
    assert read(profile(status=status)).evidence == {"k": sums}


def profile(family: str = "f", task: str = "a", **fields: Any) -> dict[str, Any]:
    metadata = {"namespace": "ns", "name": names.profile_name(family, task), "uid": "u", "resourceVersion": "1"}
    return {"metadata": metadata, "spec": {"family": family, "task": task}, **fields}


def test_names_are_dns_labels_of_at_most_63_characters() -> None:
    for family, task in (("f", "a"), ("a.b.c" * 40, "x" * 63), ("x" * 51 + "." * 1 + "y", "t")):
        name = names.profile_name(family, task)
        assert re.fullmatch("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name)
    assert names.profile_name("a-b", "c") != names.profile_name("a", "b-c")


def test_a_profile_under_another_name_is_nobodys() -> None:
    raw = profile()
    raw["metadata"]["name"] = "mine"
    with pytest.raises(InvalidProfile, match=r"metadata\.name is mine: the profile of family f and task a is called f-a-"):
        identify(raw)


def graph(**task: Any) -> dict[str, Any]:
    container = {"image": "i"}
    tasks = [{"name": "a", "template": {"spec": {"containers": [container]}}, **task}]
    return {"metadata": {"namespace": "ns", "name": "g"}, "spec": {"tasks": tasks}}


@pytest.mark.parametrize(("text", "size"), [("40Gi", 40 * 2.0**30), ("1200", 1200.0), ("1.5k", 1500.0), (12, 12.0)])
def test_sizes_of_inputs(text: Any, size: float) -> None:
    assert prepare(graph(inputSize=text)).runs[0].size == size


@pytest.mark.parametrize("text", ["0", "0Gi", "-1", "much", "", "1 Gi", "nan", "1e400"])
def test_what_is_no_size_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidGraph, match=r"spec\.tasks\[0\] \(a\)?.*inputSize|spec\.tasks\[0\]\.inputSize") as refused:
        prepare(graph(inputSize=text))
    assert "must be a quantity" in str(refused.value) or "has an exponent beyond" in str(refused.value)


@pytest.mark.parametrize("hint", ["0s", "-5m", "soon"])
def test_hints_of_no_time_are_refused(hint: str) -> None:
    with pytest.raises(InvalidGraph, match=r"must be longer than zero|must be a duration"):
        prepare(graph(expectedDuration=hint))


@pytest.mark.parametrize(
    ("flag", "value"), [("--profiles", "0"), ("--profiles", "x"), ("--profile-interval", "0"), ("--profile-writes", "inf")]
)
def test_flags_that_make_no_sense_are_refused(flag: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["operator", flag, value])
    assert f"argument {flag}: must be" in capsys.readouterr().err
