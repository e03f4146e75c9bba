"""`bayplan queues` and `bayplan queue NAME`, against an API server that answers over HTTP with what it was given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bayplan_operator.cli.work import completing
from tests.unit.cli.api_server import FORBIDDEN, GRAPHS, Api, api, kubeconfig
from tests.unit.cli.whatif_files import run

QUEUES = "/apis/bayplan.dev/v1alpha1/queues"
STAMP = "2026-01-15T08:00:00Z"


def queue(name: str, ready: tuple[str, str, str], **fields: Any) -> dict[str, Any]:
    status, reason, message = ready
    condition = {"type": "Ready", "status": status, "reason": reason, "message": message}
    made = {"conditions": [condition, *fields.pop("conditions", ())], **fields.pop("status", {})}
    return {"metadata": {"name": name, "creationTimestamp": STAMP}, "spec": fields, "status": made}


def graph(name: str, queue_name: str | None, priority: int = 0, **status: Any) -> dict[str, Any]:
    spec = {"tasks": [], "priority": priority, **({"queueName": queue_name} if queue_name else {})}
    return {"metadata": {"namespace": "team", "name": name, "creationTimestamp": STAMP}, "spec": spec, "status": status}


VISION = queue(
    "vision", ("True", "Ready", "graphs of the queue may start pods"),
    parentName="research",
    namespaceSelector={"matchLabels": {"team": "vision"}},
    quotas=[{"resource": "nvidia.com/gpu", "nodeSelector": {"gpu": "A100"}, "nominal": 8, "borrowingLimit": 0}],
    conditions=[{"type": "Sufficient", "status": "False", "message": "nvidia.com/gpu: too little"}],
    status={
        "quotas": [
            {"resource": "nvidia.com/gpu", "nodeSelector": {"gpu": "A100"}, "used": "6", "nominal": "8", "borrowed": "0"},
            {"resource": "cpu", "used": "3500m", "nominal": "0", "borrowed": "3500m"},
        ],
        "usage": "nvidia.com/gpu 6/8, cpu 3500m/0", "borrowed": "cpu 3500m", "pending": 3, "admitted": 2,
    },
)  # fmt: skip
RESEARCH = queue("research", ("False", "Stopped", "queue research lets nothing start: its stopPolicy is Hold"))
FRESH = {"metadata": {"name": "fresh", "creationTimestamp": STAMP}, "spec": {"namespaceSelector": {}}}
RUNNING = graph("running", "vision", priority=5, summary="Running", progress="1/2")
WAITING = graph("waiting", "vision", summary="Waiting", waiting="QuotaExceeded 3", progress="0/2")
OVER = graph("over", "vision", summary="Succeeded", completionTime=STAMP)
OTHER = graph("other", None, summary="Waiting", waiting="QuotaExceeded 1")


@pytest.fixture
def server() -> Iterator[Api]:
    with api() as made:
        made.has(QUEUES, VISION, RESEARCH, FRESH)
        made.has(GRAPHS, RUNNING, WAITING, OVER, OTHER)
        yield made


@pytest.fixture
def config(server: Api, tmp_path: Path) -> list[str]:
    return ["--kubeconfig", str(kubeconfig(tmp_path, server.url)), "--context", "near"]


def test_what_is_charged_to_whole_graphs_is_shown_beside_what_is_held(
    server: Api, config: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"resource": "cpu", "used": "1", "charged": "3", "nominal": "8", "borrowed": "0"}
    server.has(
        QUEUES, queue("whole", ("True", "Ready", ""), quotas=[{"resource": "cpu", "nominal": 8}], status={"quotas": [row]})
    )
    _, out, _ = run(capsys, "queue", "whole", *config)
    lines = words(out)
    assert ["QUOTA", "NODES", "USED", "CHARGED", "NOMINAL"] in [each[:5] for each in lines]
    assert ["cpu", "all", "1", "3", "8", "0", "none", "none"] in lines


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_all_queues_are_listed_by_name(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "queues", *config)
    assert code == 0
    head, fresh, research, vision = words(out)
    assert head == ["NAME", "PARENT", "USED", "BORROWED", "PENDING", "READY", "AGE"]
    assert fresh[0] == "fresh"
    assert research[:2] == ["research", "Stopped"]
    assert vision[:10] == ["vision", "research", "nvidia.com/gpu", "6/8,", "cpu", "3500m/0", "cpu", "3500m", "3", "True"]


def test_programs_get_the_same_figures(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "queues", *config, "-o", "json")
    by_name = {each["name"]: each for each in json.loads(out)}
    assert by_name["vision"]["pending"] == 3
    assert by_name["vision"]["admitted"] == 2
    assert by_name["research"]["ready"] is False
    assert by_name["research"]["reason"] == "Stopped"
    assert by_name["fresh"]["ready"] is None


def test_a_queue_shows_its_quotas_and_who_waits(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "queue", "vision", *config)
    assert code == 0
    assert "vision, ready\nnvidia.com/gpu: too little\nnamespaces team=vision; parent research; below it none\n" in out
    assert "3 shards wait, 2 pods hold it" in out
    lines = words(out)
    assert ["nvidia.com/gpu", "gpu=A100", "6", "8", "0", "0", "none"] in lines
    assert ["cpu", "all", "3500m", "0", "3500m", "none", "none"] in lines
    names = [line[1] for line in lines if line and line[0] == "team"]
    assert names == ["waiting", "running"], "first those that wait; none of other queues, none that is over"


def test_a_queue_that_is_not_ready_says_why(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "queue", "research", *config)
    assert "research, not ready: Stopped\nqueue research lets nothing start: its stopPolicy is Hold\n" in out
    assert "namespaces none; parent none; below it vision" in out
    assert out.endswith("no graph of it is open\n")


def test_as_json_the_graphs_are_beside_the_rows(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "queue", "vision", *config, "-o", "json")
    view = json.loads(out)
    assert [each["name"] for each in view["graphs"]] == ["waiting", "running"]
    assert view["rows"][0]["borrowingLimit"] == "0"
    assert view["rows"][1]["borrowingLimit"] is None
    assert view["lookedIn"] is None


def test_whoever_may_not_list_all_graphs_sees_those_of_the_namespace(
    server: Api, config: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    server.refuses(GRAPHS, 403, FORBIDDEN)
    server.has("/apis/bayplan.dev/v1alpha1/namespaces/team/taskgraphs", WAITING)
    _, out, _ = run(capsys, "queue", "vision", *config)
    assert "Graphs that are not over in the namespace team" in out
    assert "running" not in out
    server.has("/apis/bayplan.dev/v1alpha1/namespaces/other/taskgraphs")
    _, out, _ = run(capsys, "queue", "vision", "-n", "other", *config)
    assert out.endswith("no graph of it is open in the namespace other\n")


def test_an_unknown_queue_is_told_the_nearest(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "queue", "visoin", *config)
    assert (code, err) == (1, 'bayplan: there is no Queue "visoin": did you mean "vision"?\n')
    _, _, err = run(capsys, "queue", "zzz", *config)
    assert err == 'bayplan: there is no Queue "zzz": `bayplan queues` lists the queues\n'


def test_a_cluster_without_the_kind_and_one_without_queues(
    server: Api, config: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    server.has(QUEUES)
    assert run(capsys, "queues", *config)[1] == "no Queues: every graph is of the queue default, which has no quotas\n"
    del server.answers[QUEUES]
    code, _, err = run(capsys, "queues", *config)
    assert (code, err) == (1, "bayplan: the cluster knows no Queues: install Bayplan's chart or apply crds/ first\n")


def test_names_of_queues_are_completed(config: list[str]) -> None:
    assert completing.queues({"kubeconfig": Path(config[1]), "context": "near"}) == ["fresh", "research", "vision"]


def test_the_line_is_put_together_from_the_graphs_that_may_be_listed(
    server: Api, config: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    start = {"p50": "2030-01-01T12:00:00Z", "p90": "2030-01-01T12:20:00Z", "basis": "Reservation"}
    points = {"priority": 0, "age": "2.5", "share": "0.31"}
    last = {**WAITING, "status": {**WAITING["status"], "position": 12, "points": points, "expectedStart": {"unknown": "why"}}}
    first = graph("first", "vision", waiting="NoCapacity 1", position=3, points=points, expectedStart=start)
    server.has(GRAPHS, RUNNING, last, first, OTHER)
    _, out, _ = run(capsys, "queue", "vision", *config)
    lines = out.splitlines()
    at = lines.index("The line, as far as you may list graphs")
    assert lines[at + 1].split() == ["POSITION", "GRAPH", "POINTS", "EXPECTED", "START"]
    assert lines[at + 2].split()[:8] == ["3", "team/first", "priority", "0,", "age", "2.5,", "share", "of"]
    assert "2030-01-01T12:00:00Z as likely as not, by 2030-01-01T12:20:00Z as promised" in lines[at + 2]
    assert lines[at + 3].split()[:2] == ["12", "team/waiting"]
    assert lines[at + 3].endswith("unknown: why")
    view = json.loads(run(capsys, "queue", "vision", *config, "-o", "json")[1])
    assert [each["line"] and each["line"]["position"] for each in view["graphs"]] == [3, 12, None]
