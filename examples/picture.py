"""The picture of the README: the drawing that `bayplan report` makes of a simulation, as one SVG.

python -m examples.picture [FILE.svg]
"""

import re
import shlex
import sys
from html import escape
from importlib.resources import files
from pathlib import Path

import typer
from typer.main import get_command

from bayplan_operator.cli.commands import app
from bayplan_operator.cli.page.gantt import gantt
from bayplan_operator.cli.report import ReportOptions
from bayplan_operator.cli.work.simulate import simulation_of
from bayplan_operator.views import units
from bayplan_operator.views.model.simulation import Simulation

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "simulation.svg"
GRAPH, NODES = "examples/driving.yaml", "examples/simulation/nodes.yaml"
TIMES, EVERY = 5, 4.0
COMMAND = f"bayplan report -f {GRAPH} --nodes {NODES} --repeat {TIMES} --every {EVERY:g}s --out report.html"
"""What makes a page with the same drawing in it."""
_WIDTH, _HEAD, _MARGIN = 1000, 64, 12


def main(arguments: list[str]) -> int:
    """Write the file; answers the exit code."""
    path = Path(arguments[0]) if arguments else PICTURE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(picture(), encoding="utf-8")
    print(path)
    return 0


def picture() -> str:
    """The drawing, below a line that says what ran and one that says how it went."""
    simulation = simulate()
    drawn = gantt(simulation)
    found = re.match(r'<svg class="gantt" viewBox="0 0 [\d.]+ ([\d.]+)"', drawn)
    assert found is not None
    height = float(found[1])
    style = files("bayplan_operator.cli.page").joinpath("style.css").read_text(encoding="utf-8")
    inner = drawn.replace("<svg ", f'<svg y="{_HEAD}" width="{_WIDTH}" height="{height:g}" ', 1)
    box = f"{-_MARGIN} 0 {_WIDTH + 2 * _MARGIN} {_HEAD + height + _MARGIN:g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{escape(how_it_went(simulation))}">'
        f"<style>{style}.paper {{ fill: var(--paper); }} .head {{ font-size: 15px; font-weight: 600; }}"
        " .said { font-size: 12px; fill: var(--soft); }</style>"
        f'<rect class="paper" x="{-_MARGIN}" width="{_WIDTH + 2 * _MARGIN}" height="{_HEAD + height + _MARGIN:g}"/>'
        f'<text class="head" y="24">{escape(what_ran(simulation))}</text>'
        f'<text class="said" y="44">{escape(how_it_went(simulation))}</text>'
        f"{inner}</svg>\n"
    )


def simulate() -> Simulation:
    """What `COMMAND` simulates."""
    called = typer.Context(get_command(app), obj=shlex.split(COMMAND))
    options = ReportOptions(
        file=[ROOT / GRAPH], nodes=ROOT / NODES, repeat=TIMES, every=EVERY, out=Path("report.html"), called=called
    )
    return simulation_of(options, [ROOT / GRAPH], strict=False)


def what_ran(simulation: Simulation) -> str:
    """How many graphs, of how many pods, on how many nodes."""
    pods = sum(attempt.node is not None for attempt in simulation.attempts)
    return f"{len(simulation.graphs)} graphs, {pods} pods, {len(simulation.nodes)} nodes: one row a node, one colour a graph"


def how_it_went(simulation: Simulation) -> str:
    """The makespan beside the lower bound."""
    figures = simulation.figures
    return (
        f"All done after {units.seconds(figures.makespan)}; no schedule could beat {units.seconds(figures.lower_bound)}. "
        "Outlined: the critical path of each graph."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
