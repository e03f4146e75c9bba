"""`bayplan version`: of this program, of the operator and of the cluster."""

import asyncio
from importlib.metadata import version

from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.cli.text import versions as text
from bayplan_operator.cli.version import VersionOptions
from bayplan_operator.kube.errors import ApiError
from bayplan_operator.views.model.versions import Versions


def run(options: VersionOptions) -> int:
    """Answers the exit code. Raises `ApiError`, after this program's version is printed."""
    found = Versions(version("bayplan"))
    problem: Exception | None = None
    if not options.client:
        try:
            found = asyncio.run(_asked(options))
        except (ApiError, ModuleNotFoundError) as error:  # a light install has no client of clusters
            problem = error
    output.print_figures(found, options.output, lambda screen: text.text(found))
    if problem is not None:
        raise problem
    return ExitCode.DONE


async def _asked(options: ClusterOptions) -> Versions:
    # The version of this program alone needs no client.
    from bayplan_operator.cli.cluster import kubeconfig
    from bayplan_operator.cli.cluster.connection import connected
    from bayplan_operator.cli.cluster.versions import versions

    async with connected(kubeconfig.target(options), options.request_timeout) as server:
        return await versions(server, version("bayplan"))
