"""A session with the cluster that is asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bayplan_operator.cli.cluster.kubeconfig import Target
from bayplan_operator.kube import errors
from bayplan_operator.kube.api_server import ApiServer


@asynccontextmanager
async def connected(target: Target, timeout: float) -> AsyncIterator[ApiServer]:
    """`timeout`: seconds for one request, 0: without limit. Errors name the cluster. Raises `ApiError`."""
    host = target.configuration.host
    server = ApiServer(target.configuration, connections=16, timeout=timeout, headers=target.impersonation)
    try:
        async with server:
            yield server
    except errors.Unreachable as error:
        raise errors.Unreachable(f"the cluster at {host} does not answer: {error}") from error
    except errors.Forbidden as error:
        if error.status != errors.UNAUTHORIZED:
            raise
        sentence = f"the cluster at {host} does not accept the credentials of the kubeconfig: {error}"
        raise errors.Forbidden(error.status, sentence) from error
