"""What a value could be, read from the kubeconfig or the cluster. Nothing is said where that cannot be read."""

from importlib import import_module

import typer


def contexts(context: typer.Context, incomplete: str) -> list[str]:
    """Of the kubeconfig."""
    return _asked("contexts", context, incomplete)


def clusters(context: typer.Context, incomplete: str) -> list[str]:
    """Of the kubeconfig."""
    return _asked("clusters", context, incomplete)


def users(context: typer.Context, incomplete: str) -> list[str]:
    """Of the kubeconfig."""
    return _asked("users", context, incomplete)


def namespaces(context: typer.Context, incomplete: str) -> list[str]:
    """Of the cluster."""
    return _asked("namespaces", context, incomplete)


def graphs(context: typer.Context, incomplete: str) -> list[str]:
    """Of the namespace."""
    return _asked("graphs", context, incomplete)


def queues(context: typer.Context, incomplete: str) -> list[str]:
    """Of the cluster."""
    return _asked("queues", context, incomplete)


def _asked(what: str, context: typer.Context, incomplete: str) -> list[str]:
    try:  # only a value that needs the client of clusters pays for its import
        ask = getattr(import_module("bayplan_operator.cli.work.completing"), what)
    except ModuleNotFoundError:  # a light install has no such client
        return []
    names: list[str] = ask(context.params)
    return [each for each in names if each.startswith(incomplete)]
