"""What real nodes need of the testbed that they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .. import kubeconfig
from ..api import Api


@dataclass(frozen=True)
class Site:
    """What all nodes of a testbed have in common. `grace_period`: the controller manager's, in seconds."""

    binaries: Path
    pki: Path
    api: Api
    grace_period: float

    def server(self) -> kubeconfig.Server:
        """The API server, as a kubeconfig names it."""
        return kubeconfig.Server(f"https://{self.api.host}:{self.api.port}", self.api.ca.read_bytes())
