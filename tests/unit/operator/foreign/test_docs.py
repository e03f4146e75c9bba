"""The page and its examples say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from bayplan_operator.conductor.foreign import gangs, judging
from bayplan_operator.kube import wire
from bayplan_operator.translate.foreign.asked import MAX_GANG, asked_by_labels
from bayplan_operator.translate.foreign.spec import class_of_pod

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "any-pod.md").read_text()
EXAMPLES = ROOT / "examples" / "any-pod"


def templates(name: str) -> list[dict[str, Any]]:
    return [each["spec"]["template"] for each in yaml.safe_load_all((EXAMPLES / name).read_text())]


def test_the_manifest_of_the_page_is_the_example_without_what_simulated_nodes_read() -> None:
    (example,) = yaml.safe_load_all((EXAMPLES / "job.yaml").read_text())
    del example["spec"]["template"]["metadata"]["annotations"]
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    assert yaml.safe_load(found[1]) == example


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.yaml")))
def test_the_examples_carry_the_gate_and_labels_that_are_right(name: str) -> None:
    for each in templates(name):
        asked_by_labels(each["metadata"]["labels"])
        pod = msgspec.convert({"metadata": {"name": "p"}, "spec": each["spec"]}, wire.Pod, strict=False)
        assert [gate.name for gate in pod.spec.scheduling_gates] == ["bayplan.dev/placement"]
        class_of_pod(pod, each["spec"])


def test_the_pods_of_the_gang_of_two_jobs_agree_and_are_as_many_as_they_say() -> None:
    jobs = list(yaml.safe_load_all((EXAMPLES / "gang.yaml").read_text()))
    (asked,) = {asked_by_labels(each["metadata"]["labels"]) for each in templates("gang.yaml")}
    assert asked.gang_size == sum(job["spec"].get("parallelism", 1) for job in jobs)


def test_the_page_names_every_reason_of_its_own_and_the_largest_gang() -> None:
    for reason in (judging.BAD_LABEL, judging.BAD_POD, gangs.FULL, "NotBound", "Placed"):
        assert f"`{reason}`" in PAGE
    assert f"from 1 to {MAX_GANG}" in PAGE
