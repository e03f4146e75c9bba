"""The page of `bayplan report` in a real browser."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from bayplan_operator.cli import main
from bayplan_operator.views import units
from tests.browser import chromium
from tests.browser.chromium import Page

EXAMPLES = Path(__file__).parents[2] / "examples"
NODES = """
nodes:
- {name: a100, count: 2, class: a100, cpu: 32, memory: 256Gi, gpu: 4, gpuModel: NVIDIA-A100-SXM4-80GB, costPerHour: 12}
- {name: cpu, count: 3, class: cpu, cpu: 8, memory: 64Gi, costPerHour: 1}
"""


def simulated(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[dict[str, Any], Path]:
    """The figures as JSON, and the page made of them."""
    nodes = folder / "nodes.yaml"
    nodes.write_text(NODES)
    assert main(["simulate", *arguments, "--nodes", str(nodes), "-o", "json"]) in (0, 3)
    source, page = folder / "run.json", folder / "page.html"
    source.write_text(capsys.readouterr().out)
    assert main(["report", str(source), "--out", str(page)]) == 0
    return json.loads(source.read_text()), page


@pytest.fixture
def wide(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], Path]:
    return simulated(tmp_path, capsys, "-f", str(EXAMPLES / "wide.yaml"), "--failures", "attempts=15%", "--seed", "3")


def test_the_figures_are_those_of_the_json(wide: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    run, path = wide
    page = Page(chromium.run(path, tmp_path, "--dump-dom"))
    figures = run["figures"]
    flat = {name: value for name, value in figures.items() if not isinstance(value, dict)}
    flat |= {f"utilisation.{resource}": share for resource, share in figures["utilisation"].items()}
    assert {"makespan", "lowerBound", "waiting", "failed", "utilisation.cpu", "cost"} <= set(page.figures)
    for name, (value, _) in page.figures.items():
        assert math.isclose(float(value), flat[name], abs_tol=0), name
    assert page.figures["makespan"][1] == units.seconds(figures["makespan"])
    assert page.figures["failed"][1] == str(figures["failed"]) != "0"
    assert {reason: float(value) for reason, value in page.waiting.items()} == run["waiting"]


def test_everything_is_drawn(wide: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    run, path = wide
    page = Page(chromium.run(path, tmp_path, "--dump-dom"))
    placed = [attempt for attempt in run["attempts"] if attempt["node"]]
    assert page.count["rect.bar"] == len(placed)
    assert page.count["rect.failed"] == figures_of(run)["failed"]
    assert page.count["rect.lane"] == len({attempt["node"] for attempt in placed})
    assert page.count["g.task"] == 3
    assert page.count["g.critical"] == len(run["graphs"][0]["criticalPath"]) == 3
    assert page.count["svg.usage"] == len(run["usage"])
    assert page.count["rect.wait"] == len(run["waiting"])
    assert all(found.get("aria-label") for tag, found in page.attributes if tag == "svg")


def test_the_script_ran_without_an_error(wide: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    """It shows its controls, and takes the titles into words of its own."""
    _, path = wide
    page = Page(chromium.run(path, tmp_path, "--dump-dom"))
    (button,) = [found for tag, found in page.attributes if tag == "button"]
    assert "hidden" not in button
    assert ("div", {"id": "tip", "hidden": ""}) in page.attributes
    assert all("aria-label" in found for tag, found in page.attributes if tag == "g" and "data-task" in found)


def test_it_works_from_a_file_and_asks_nobody(wide: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    _, path = wide
    chromium.run(path, tmp_path, "--dump-dom")
    assert chromium.asked(tmp_path) == []
    text = path.read_text()
    assert re.findall(r"""(?:src|href)\s*=|url\((?!#)|@import|https?://""", text) == []


def test_asking_would_be_noticed(tmp_path: Path) -> None:
    path = tmp_path / "asks.html"
    path.write_text('<img src="http://127.0.0.1:9/picture.png">')
    chromium.run(path, tmp_path, "--dump-dom")
    assert chromium.asked(tmp_path) == ["http://127.0.0.1:9/picture.png"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_is_light_or_dark_as_the_reader_wishes(wide: tuple[dict[str, Any], Path], tmp_path: Path, dark: bool) -> None:
    _, path = wide
    shot = tmp_path / "shot.png"
    chromium.run(path, tmp_path, f"--screenshot={shot}", *(["--blink-settings=preferredColorScheme=0"] if dark else []))
    assert corner(shot) == ((0x12, 0x16, 0x1C) if dark else (0xFF, 0xFF, 0xFF))


def test_names_are_text_and_never_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, path = simulated(tmp_path, capsys, "-f", str(EXAMPLES / "minimal.yaml"))
    bad = '<img src=x onerror=document.title="run">'
    source = tmp_path / "bad.json"
    text = json.dumps(run).replace("default/minimal", bad.replace('"', '\\"'))
    source.write_text(text)
    assert main(["report", str(source), "--out", str(path)]) == 0
    page = Page(chromium.run(path, tmp_path, "--dump-dom"))
    assert "img" not in page.count


MEASURE = """<script>
document.querySelectorAll("details").forEach(each => { each.open = true; });
const cut = [...document.querySelectorAll("svg text")].filter(text => {
  const box = text.getBBox(), view = text.ownerSVGElement.viewBox.baseVal;
  const frame = text.parentNode.querySelector("rect");
  const around = text.closest("svg.dag") && frame ? frame.getBBox() : view;
  return box.width === 0 || box.x < around.x - 0.5 || box.x + box.width > around.x + around.width + 0.5
    || box.y < around.y - 0.5 || box.y + box.height > around.y + around.height + 0.5;
});
document.body.dataset.measured = document.querySelectorAll("svg text").length;
document.body.dataset.cut = cut.map(text => text.textContent).join("; ");
</script></body>"""


def cut(path: Path, folder: Path) -> tuple[int, str]:
    """How many texts the drawings have, and those that reach over the edge of their drawing or box."""
    measured = folder / "measured.html"
    measured.write_text(path.read_text().replace("</body>", MEASURE))
    page = Page(chromium.run(measured, folder, "--dump-dom"))
    (body,) = [found for tag, found in page.attributes if tag == "body"]
    return int(str(body["data-measured"])), str(body["data-cut"])


@pytest.mark.parametrize("name", ["a", "m" * 48, "w" * 63, "gke-research-europe-west4-a100-80gb-spot-pool-3f2c"])
def test_no_word_is_cut(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = tmp_path / "wide.yaml"
    graph.write_text((EXAMPLES / "wide.yaml").read_text().replace("split", name))
    nodes = tmp_path / "named.yaml"
    nodes.write_text(NODES.replace("name: a100", f"name: {name}"))
    path = tmp_path / "page.html"
    assert main(["report", "-f", str(graph), "--nodes", str(nodes), "--policy", "Spread", "--out", str(path)]) == 0
    count, found = cut(path, tmp_path)
    assert count > 20
    assert found == ""
    assert f">{name}-0</text>" in path.read_text()


def test_a_cut_word_would_be_noticed(wide: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    _, path = wide
    path.write_text(path.read_text().replace('<text class="row" x="', '<text class="row" x="-'))
    assert "a100-0" in cut(path, tmp_path)[1]


def test_a_thousand_tasks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = [
        {"name": f"t{number}", "dependsOn": [{"task": f"t{number - 50}"}] if number >= 50 else []} for number in range(1000)
    ]
    graph = {
        "apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": {"name": "big"},
        "spec": {"template": {"spec": {"containers": [{"image": "i", "resources": {"requests": {"cpu": "1"}}}]}},
                 "tasks": tasks},
    }  # fmt: skip
    (tmp_path / "big.json").write_text(json.dumps(graph))
    run, path = simulated(tmp_path, capsys, "-f", str(tmp_path / "big.json"))
    page = Page(chromium.run(path, tmp_path, "--dump-dom"))
    assert page.count["rect.bar"] == page.count["g.task"] == len(run["attempts"]) == 1000
    assert path.stat().st_size < 2_000_000


def figures_of(run: dict[str, Any]) -> dict[str, Any]:
    figures: dict[str, Any] = run["figures"]
    return figures


def corner(shot: Path) -> tuple[int, int, int]:
    """The colour of a PNG's first pixel (8 bits, RGB or RGBA; the first line's filter does not change its first pixel)."""
    import zlib

    data = shot.read_bytes()
    position, parts = 8, []
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        if data[position + 4 : position + 8] == b"IDAT":
            parts.append(data[position + 8 : position + 8 + length])
        position += 12 + length
    raw = zlib.decompress(b"".join(parts))
    return raw[1], raw[2], raw[3]
