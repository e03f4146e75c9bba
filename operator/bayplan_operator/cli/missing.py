"""What to install where a command lacks a package: plain `pip install bayplan` brings what needs no cluster."""

EXTRAS = {
    "operator": ("aiohttp", "kopf", "kubernetes", "prometheus_api_client", "prometheus_client", "requests"),
}
"""Optional dependencies of the distribution, as extra to the modules that they bring."""


def sentence(error: ModuleNotFoundError, command: str) -> str | None:
    """One sentence for the user; none: the module belongs to no extra, so that its absence is a fault of ours."""
    module = (error.name or "").partition(".")[0]
    for extra, modules in EXTRAS.items():
        if module in modules:
            return (
                f"{command} talks to a cluster, and the Python package {module.replace('_', '-')} is missing: "
                f"install it with pip install 'bayplan[{extra}]'"
            )
    return None
