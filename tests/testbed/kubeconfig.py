"""Kubeconfig files."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from .certificates import ClientCertificate


@dataclass(frozen=True)
class Server:
    """An API server: its URL and the certificate authority (PEM bytes) that vouches for it."""

    url: str
    ca: bytes


def write(path: Path, server: Server, token: str, namespace: str = "default") -> Path:
    """Write a kubeconfig with one context for a bearer token, readable by its owner only."""
    return _write(path, server, {"token": token}, namespace)


def write_for_certificate(path: Path, server: Server, pair: ClientCertificate) -> Path:
    """Write a kubeconfig with one context for a client certificate, which it refers to by path."""
    user = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
    return _write(path, server, user, "default")


def _write(path: Path, server: Server, user: dict[str, str], namespace: str) -> Path:
    cluster = {"server": server.url, "certificate-authority-data": base64.b64encode(server.ca).decode()}
    context = {"cluster": "testbed", "user": "testbed", "namespace": namespace}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "testbed", "cluster": cluster}],
        "users": [{"name": "testbed", "user": user}],
        "contexts": [{"name": "testbed", "context": context}],
        "current-context": "testbed",
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2) + "\n")  # JSON is YAML, and needs no library
    return path
