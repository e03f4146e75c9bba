"""`bayplan show`: graphs, and how one of them ran."""

import asyncio
import io
import shutil
import sys
import time
from collections.abc import Awaitable, Callable

from bayplan_operator.cli.cluster import connection
from bayplan_operator.cli.cluster.graphs import Reader
from bayplan_operator.cli.show import ShowOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.text import changes as progress
from bayplan_operator.cli.text import graph as text
from bayplan_operator.kube import errors
from bayplan_operator.kube.api_server import ApiServer
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
    advice = "set KUBECONFIG, or name a file with --kubeconfig"
    settings = connection.settings(options.kubeconfig, advice)
    namespace = options.namespace or connection.namespace(options.kubeconfig, advice)

    async def with_server() -> int:
        async with ApiServer(settings, connections=4) as server:
            return await _show(Reader(server), namespace, options)

    try:
        return asyncio.run(with_server())
    except errors.Unreachable as error:
        raise errors.Unreachable(f"the cluster at {settings.host} does not answer: {error}") from error


async def _show(reader: Reader, namespace: str, options: ShowOptions) -> int:
    name = options.name
    if not name:
        await _list(reader, None if options.all_namespaces else namespace, options.output)
        return 0
    if options.watch:
        return await _watch(lambda: _report(reader, namespace, name))
    report = await _report(reader, namespace, name)
    if options.output == "json":
        output.print_json(report)
    else:
        print(text.full(report, output.width(), output.paint()))
    return 0


async def _report(reader: Reader, namespace: str, name: str) -> LiveGraph:
    return build.report(await reader.graph(namespace, name))


async def _list(reader: Reader, namespace: str | None, form: str) -> None:
    now = time.time()
    lines = [build.line(raw, now) for raw in await reader.graphs(namespace)]
    if form == "json":
        output.print_json(lines)
    elif lines:
        print("\n".join(text.graphs(lines, namespace is None, output.width(), output.paint())))
    else:
        print("no TaskGraphs" + (f" in the namespace {namespace}" if namespace else ""))


async def _watch(read: Callable[[], Awaitable[LiveGraph]]) -> int:
    """Show progress until the graph is over, then everything. Exit code 1 if it did not succeed."""
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
    print(text.full(report, output.width(), output.paint()))
    return 0 if report.succeeded else 1


async def _patiently(read: Callable[[], Awaitable[LiveGraph]]) -> LiveGraph:
    """A report in spite of an API server that does not answer for a while."""
    for failed in range(_PATIENCE):
        try:
            return await read()
        except (errors.Unreachable, errors.Busy):
            await asyncio.sleep(_INTERVAL * 2**failed)
    return await read()


def _redraw(report: LiveGraph, first: bool) -> None:
    columns, rows = shutil.get_terminal_size()
    lines = text.live(report, columns, output.paint()).splitlines()[: rows - 1]
    start = "\x1b[2J" if first else ""
    body = "".join(f"{line}{_CLEAR_LINE}\n" for line in lines)
    print(f"{start}{_HOME}{body}{_CLEAR_BELOW}", end="", flush=True)
