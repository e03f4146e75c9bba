"""`bayplan report`: a simulation as one HTML file."""

import argparse
from pathlib import Path
from typing import Any

import msgspec

from bayplan_operator.cli import simulate
from bayplan_operator.cli.page import html
from bayplan_operator.views.simulations.model import Simulation
from bayplan_operator.workflows import InputError


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "report",
        help="write a simulation as one HTML file: Gantt, graph, utilisation, waiting",
        description="Write a page from what simulate or plan has printed with -o json, or simulate now. The file needs nothing "
        "else: no network, no other file.",
    )
    parser.add_argument(
        "source", nargs="?", type=Path, metavar="FROM.json", help="what -o json printed; otherwise -f and --nodes"
    )
    simulate.add_arguments(parser, required=False)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.html", help="the page to write")
    parser.set_defaults(run=lambda arguments: _run(parser, arguments))


def _run(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    if (arguments.source is None) == (arguments.file is None):
        parser.error("name either FROM.json, or what to simulate with -f")
    simulation = _read(arguments.source) if arguments.source is not None else simulate.run(arguments)
    try:
        arguments.out.write_text(html(simulation), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{arguments.out}: it cannot be written: {error.strerror}") from error
    print(arguments.out)
    return 0


def _read(path: Path) -> Simulation:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Simulation)
    except OSError as error:
        raise InputError(f"{path}: it cannot be read: {error.strerror}") from error
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: this is not what bayplan simulate -o json prints: {error}") from error
    except msgspec.DecodeError as error:
        raise InputError(f"{path}: this is not JSON: {error}") from error
