"""`bayplan show`: graphs, and how one of them ran."""

import asyncio
import io
import shutil
import sys
import time
from collections.abc import Awaitable, Callable

from bayplan_operator.cli import exit_codes
from bayplan_operator.cli.cluster import kubeconfig
from bayplan_operator.cli.cluster.connection import connected
from bayplan_operator.cli.cluster.graphs import Reader
from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.cli.options.output import Output
from bayplan_operator.cli.show import ShowOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.text import changes as progress
from bayplan_operator.cli.text import graph as text
from bayplan_operator.kube import errors
from bayplan_operator.views.graphs import build
from bayplan_operator.views.model.graph import LiveGraph

_INTERVAL = 1.0
_READING = 0.25
"""Largest part of the time that watching spends with reading: a graph of thousands of pods is read less often."""
_PATIENCE = 5
"""Reads in a row that may fail while watching, with growing waits between them."""
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"


def run(options: ShowOptions) -> int:
    """Answers the exit code. Raises `ApiError`."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without block characters still shows the rest
    target = kubeconfig.target(options, "set KUBECONFIG, or name a file with --kubeconfig")

    async def with_server() -> int:
        async with connected(target, options.request_timeout) as server:
            return await _show(Reader(server), options.namespace or target.namespace, options)

    return asyncio.run(with_server())


async def _show(reader: Reader, namespace: str, options: ShowOptions) -> int:
    name = options.name
    if not name:
        await _list(reader, None if options.all_namespaces else namespace, options.output)
    elif options.watch:
        return await _watch(lambda: _report(reader, namespace, name), options.output)
    else:
        report = await _report(reader, namespace, name)
        output.print_figures(report, options.output, lambda screen: text.full(report, screen))
    return ExitCode.DONE


async def _report(reader: Reader, namespace: str, name: str) -> LiveGraph:
    return build.report(await reader.graph(namespace, name))


async def _list(reader: Reader, namespace: str | None, form: Output) -> None:
    now = time.time()
    lines = [build.line(raw, now) for raw in await reader.graphs(namespace)]
    nothing = "no TaskGraphs" + (f" in the namespace {namespace}" if namespace else "")
    output.print_figures(
        lines, form, lambda screen: "\n".join(text.graphs(lines, namespace is None, screen)) if lines else nothing
    )


async def _watch(read: Callable[[], Awaitable[LiveGraph]], form: Output) -> int:
    """Show progress until the graph is over, then everything. Answers the exit code: whether it has succeeded in time."""
    redraw = sys.stdout.isatty()
    before: LiveGraph | None = None
    while True:
        began = time.monotonic()
        report = await _patiently(read)
        took = time.monotonic() - began
        if before is not None and report.uid != before.uid:
            before = None  # deleted, and another made of that name
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
    print(text.full(report, output.screen(form)))
    return exit_codes.graphs(fine=report.succeeded and not (report.outlook is not None and report.outlook.missed))


async def _patiently(read: Callable[[], Awaitable[LiveGraph]]) -> LiveGraph:
    """A report in spite of an API server that does not answer for a while."""
    for failed in range(_PATIENCE):
        try:
            return await read()
        except (errors.Unreachable, errors.Busy):
            await asyncio.sleep(_INTERVAL * 2**failed)
    return await read()


def _redraw(report: LiveGraph, first: bool) -> None:
    rows = shutil.get_terminal_size().lines
    lines = text.live(report, output.screen()).splitlines()[: rows - 1]
    start = "\x1b[2J" if first else ""
    body = "".join(f"{line}{_CLEAR_LINE}\n" for line in lines)
    print(f"{start}{_HOME}{body}{_CLEAR_BELOW}", end="", flush=True)
