"""`bayplan queue`: one queue, and who waits in it."""

import asyncio
import time

from bayplan_operator.cli.cluster import kubeconfig
from bayplan_operator.cli.cluster import queues as reading
from bayplan_operator.cli.cluster.connection import connected
from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.cli.queue import QueueOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.text import queues as text
from bayplan_operator.views import queues as views
from bayplan_operator.views.model.queue import QueueView


def run(options: QueueOptions) -> int:
    """Answers the exit code. Raises `ApiError`."""
    view = asyncio.run(_view(options))
    output.print_figures(view, options.output, lambda screen: text.queue(view, screen))
    return ExitCode.DONE


async def _view(options: QueueOptions) -> QueueView:
    target = kubeconfig.target(options, "set KUBECONFIG, or name a file with --kubeconfig")
    async with connected(target, options.request_timeout) as server:
        queues = await reading.queues(server)
        found = reading.named(options.name, queues)
        graphs, looked_in = await reading.graphs(server, options.namespace, target.namespace)
        return views.queue(found, queues, graphs, looked_in, time.time())
