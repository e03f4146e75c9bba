"""`bayplan show`: graphs, and how one of them ran."""

import argparse
import asyncio
import io
import os
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from kubernetes.config import ConfigException

from bayplan_operator.cli.cluster.graphs import Reader, default_namespace
from bayplan_operator.cli.text import changes as progress
from bayplan_operator.cli.text import graph as text
from bayplan_operator.cli.text.table import Paint, coloured, plain
from bayplan_operator.kube import configuration, errors
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.views.graphs import build
from bayplan_operator.views.graphs.model import GraphReport

_INTERVAL = 1.0
_READING = 0.25
"""Largest part of the time that watching spends with reading: a graph of thousands of pods is read less often."""
_PATIENCE = 5
"""Reads in a row that may fail while watching, with growing waits between them."""
_WIDTH_ELSEWHERE = 120
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "show",
        help="show graphs, or how one ran: where, when, why there, how well",
        description="Without NAME: all graphs. With NAME: its tasks with their nodes and why they run there or wait, a Gantt "
        "chart, the nodes' utilisation, the makespan beside its lower bound, retries and failures.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="of a TaskGraph")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--namespace", "-n", help="default: the current context's")
    where.add_argument("--all-namespaces", "-A", action="store_true", help="graphs of all namespaces")
    parser.add_argument("--output", "-o", choices=("text", "json"), default="text", help="default: %(default)s")
    parser.add_argument("--watch", "-w", action="store_true", help="redraw until the graph is over; exit code 1 if it fails")
    parser.add_argument("--kubeconfig", type=Path, help="default: the usual kubeconfig, or the service account's")
    parser.set_defaults(run=lambda arguments: _run(parser, arguments))


def _run(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    if arguments.name and arguments.all_namespaces:
        parser.error("NAME and --all-namespaces exclude each other: name the graph's namespace with -n")
    if arguments.watch and (not arguments.name or arguments.output == "json"):
        parser.error("--watch needs the NAME of a graph, and writes text only")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without block characters still shows the rest
    try:
        settings = configuration.load(arguments.kubeconfig)
        namespace = arguments.namespace or default_namespace(arguments.kubeconfig)
    except (ConfigException, OSError) as error:
        raise ConfigException(f"no cluster to ask: set KUBECONFIG, or name a file with --kubeconfig ({error})") from error

    async def with_server() -> int:
        async with ApiServer(settings, connections=4) as server:
            return await _show(Reader(server), namespace, arguments)

    try:
        return asyncio.run(with_server())
    except errors.Unreachable as error:
        raise errors.Unreachable(f"the cluster at {settings.host} does not answer: {error}") from error


async def _show(reader: Reader, namespace: str, arguments: argparse.Namespace) -> int:
    if not arguments.name:
        await _list(reader, None if arguments.all_namespaces else namespace, arguments.output)
        return 0
    if arguments.watch:
        return await _watch(lambda: _report(reader, namespace, arguments.name))
    report = await _report(reader, namespace, arguments.name)
    if arguments.output == "json":
        _print_json(report)
    else:
        print(text.full(report, _width(), _paint()))
    return 0


async def _report(reader: Reader, namespace: str, name: str) -> GraphReport:
    return build.report(await reader.graph(namespace, name))


async def _list(reader: Reader, namespace: str | None, output: str) -> None:
    now = time.time()
    lines = [build.line(raw, now) for raw in await reader.graphs(namespace)]
    if output == "json":
        _print_json(lines)
    elif lines:
        print("\n".join(text.graphs(lines, namespace is None, _width(), _paint())))
    else:
        print("no TaskGraphs" + (f" in the namespace {namespace}" if namespace else ""))


async def _watch(read: Callable[[], Awaitable[GraphReport]]) -> int:
    """Show progress until the graph is over, then everything. Exit code 1 if it did not succeed."""
    redraw = sys.stdout.isatty()
    before: GraphReport | None = None
    while True:
        began = time.monotonic()
        report = await _patiently(read)
        took = time.monotonic() - began
        if before is not None and report.uid != before.uid:
            before = None  # deleted and made anew
        if redraw:
            _redraw(report, first=before is None)
        else:
            for line in progress.changes(before, report):
                print(line, flush=True)
        if report.over or report.status == "Invalid":
            break
        before = report
        await asyncio.sleep(max(_INTERVAL, took / _READING))
    print(_HOME + _CLEAR_BELOW if redraw else "")
    print(text.full(report, _width(), _paint()))
    return 0 if report.succeeded else 1


async def _patiently(read: Callable[[], Awaitable[GraphReport]]) -> GraphReport:
    """A report in spite of an API server that does not answer for a while."""
    for failed in range(_PATIENCE):
        try:
            return await read()
        except (errors.Unreachable, errors.Busy):
            await asyncio.sleep(_INTERVAL * 2**failed)
    return await read()


def _redraw(report: GraphReport, first: bool) -> None:
    columns, rows = shutil.get_terminal_size()
    lines = text.live(report, columns, _paint()).splitlines()[: rows - 1]
    start = "\x1b[2J" if first else ""
    body = "".join(f"{line}{_CLEAR_LINE}\n" for line in lines)
    print(f"{start}{_HOME}{body}{_CLEAR_BELOW}", end="", flush=True)


def _print_json(figures: Any) -> None:
    print(msgspec.json.format(msgspec.json.encode(figures), indent=2).decode())


def _width() -> int:
    return shutil.get_terminal_size((_WIDTH_ELSEWHERE, 24)).columns


def _paint() -> Paint:
    return coloured if sys.stdout.isatty() and "NO_COLOR" not in os.environ else plain
