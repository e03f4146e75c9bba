"""`bayplan lint` on Queues: fields, parents, limits, and gangs that are larger than their queue."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.whatif_files import run, write


def queue(name: str, *lines: str) -> str:
    head = f"apiVersion: bayplan.dev/v1alpha1\nkind: Queue\nmetadata: {{name: {name}}}\nspec:\n  namespaceSelector: {{}}\n"
    return head + "".join(f"  {line}\n" for line in lines) + "---\n"


GANG = """\
apiVersion: bayplan.dev/v1alpha1
kind: TaskGraph
metadata: {name: big, namespace: team}
spec:
  queueName: vision
  template: {spec: {containers: [{name: main, image: i, resources: {requests: {cpu: "2"}}}]}}
  tasks:
  - {name: train, shards: 12, gang: {}}
"""


def linted(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> tuple[int, str]:
    code, out, _ = run(capsys, "lint", "-f", write(tmp_path, "q.yaml", text))
    return code, out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (queue("a", "weigth: 2"), ':6:3: spec.weigth: there is no such field; did you mean "weight"?'),
        (queue("a", "reserve: 33"), "spec.reserve is 33"),
        (queue("a", "parentName: b") + queue("b", "parentName: a"), "its parents form a cycle: a -> b -> a"),
        (queue("a", "parentName: b"), ":6:3: parentName is b, and no file has this Queue"),
        (
            queue("a", "quotas: [{resource: cpu, nominal: 1, lendingLimit: 0}]"),
            "the quota of cpu has a lendingLimit, and the queue has no parent",
        ),
        (
            GANG + "---\n" + queue("vision", "quotas: [{resource: cpu, nominal: 8}]"),
            "graph team/big: gang train of 12 asks for 24 of cpu at once, and queue vision may never hold more than 8",
        ),
        ("apiVersion: bayplan.dev/v1alpha1\nkind: Queue\nmetadata: {labels: {a: b}}\nspec: {}\n", "metadata.name is missing"),
    ],
)
def test_what_is_found(text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = linted(tmp_path, capsys, text)
    assert code == 2
    assert sentence in out


def test_each_fault_is_said_once_and_what_is_right_is_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out = linted(
        tmp_path, capsys, queue("a", "parentName: none") + queue("b", "parentName: a") + queue("c", "parentName: b")
    )
    assert out.endswith("1 problem in 1 file\n")
    assert linted(tmp_path, capsys, GANG + "---\n" + queue("vision", "quotas: [{resource: cpu, nominal: 24}]"))[0] == 0
