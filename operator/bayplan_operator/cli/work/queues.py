"""`bayplan queues`: what queues hold, and what waits in them."""

import asyncio
import time

from bayplan_operator.cli.cluster import kubeconfig
from bayplan_operator.cli.cluster import queues as reading
from bayplan_operator.cli.cluster.connection import connected
from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.cli.queues import QueuesOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.text import queues as text
from bayplan_operator.views import queues as views
from bayplan_operator.views.model.queue import QueueLine


def run(options: QueuesOptions) -> int:
    """Answers the exit code. Raises `ApiError`."""
    lines = asyncio.run(_lines(options))
    output.print_figures(lines, options.output, lambda screen: text.queues(lines, screen))
    return ExitCode.DONE


async def _lines(options: QueuesOptions) -> list[QueueLine]:
    target = kubeconfig.target(options, "set KUBECONFIG, or name a file with --kubeconfig")
    async with connected(target, options.request_timeout) as server:
        return [views.line(raw, time.time()) for raw in await reading.queues(server)]
