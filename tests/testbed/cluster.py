"""What tests and the demo may do with any cluster, and the cluster that a user brings along."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

from . import kubeconfig
from .binaries import ensure
from .errors import TestbedError
from .nodes import NodeKind

TOKEN_DURATION = "87600h"


class Cluster(ABC):
    """A cluster with the rights of its administrator. `directory` is for logs and kubeconfigs."""

    __test__ = False

    kubeconfig: Path
    directory: Path

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run kubectl. Raises TestbedError with what it wrote to stderr when it fails and `check` is set."""
        return self._run(self._program("kubectl"), args, input, check)

    @contextmanager
    def kubectl_stream(self, *args: str) -> Iterator[subprocess.Popen[str]]:
        """kubectl while it runs, such as with `--watch`: what it writes to stdout. It is ended with the block."""
        command = [str(self._program("kubectl")), *args]
        # A session of its own: Ctrl-C is for this process, which ends it.
        with subprocess.Popen(
            command, env=self.environment(), stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def helm(self, *args: str, input: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run helm, which is built at its first use. Errors as for `kubectl`."""
        return self._run(self._program("helm"), args, input, check)

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """A kubeconfig with a long-lived token of that ServiceAccount, which must exist."""
        view = json.loads(self.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json").stdout)
        cluster = view["clusters"][0]["cluster"]
        ca = base64.b64decode(cluster.get("certificate-authority-data", ""))
        token = self.kubectl("create", "token", name, "-n", namespace, f"--duration={TOKEN_DURATION}").stdout
        path = self.directory / f"{namespace}.{name}.kubeconfig"
        return kubeconfig.write(path, kubeconfig.Server(cluster["server"], ca), token.strip(), namespace)

    @abstractmethod
    def add_nodes(self, kind: NodeKind, count: int) -> list[str]:
        """Add `count` simulated nodes of `kind` and wait until they are Ready. Returns their names."""

    @abstractmethod
    def delete_node(self, name: str) -> None:
        """Take a simulated node away: its Node object goes, and nobody speaks for its pods any more."""

    @abstractmethod
    def kill_node(self, name: str) -> None:
        """Silence a simulated node's kubelet: it turns NotReady after the grace period; its pods are stuck."""

    @abstractmethod
    def revive_node(self, name: str) -> None:
        """Let the kubelet of a silenced node speak again. Its pods went on meanwhile, as in a network partition."""

    @abstractmethod
    def stop(self) -> None:
        """End what was started for this cluster; may be called again."""

    @abstractmethod
    def _program(self, name: str) -> Path: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """This process' own, for programs that are to use the cluster."""
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig)}

    def _run(self, program: Path, args: tuple[str, ...], text: str | None, check: bool) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(program), *args],
            input=text,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode != 0:
            line = " ".join((program.name, *args))
            raise TestbedError(f"`{line}` ended with {done.returncode}: {done.stderr.strip()}")
        return done


class ExternalCluster(Cluster):
    """The cluster that `KUBECONFIG` names. It is used as it is; its nodes are not the testbed's to change."""

    def __init__(self, paths: str) -> None:
        """`paths` as in the environment variable: files, separated by colons."""
        files = [Path(path) for path in paths.split(os.pathsep) if path]
        missing = [str(path) for path in files if not path.is_file()]
        if missing or not files:
            raise TestbedError(f"KUBECONFIG names no readable file: {', '.join(missing) or '(empty)'}.")
        self._paths = paths
        self.kubeconfig = files[0]
        self.directory = Path(mkdtemp(prefix="bayplan-cluster-"))

    def add_nodes(self, kind: NodeKind, count: int) -> list[str]:
        raise self._not_ours(f"add {count} simulated {kind.prefix} nodes")

    def delete_node(self, name: str) -> None:
        raise self._not_ours(f"delete node {name}")

    def kill_node(self, name: str) -> None:
        raise self._not_ours(f"stop the kubelet of node {name}")

    def revive_node(self, name: str) -> None:
        raise self._not_ours(f"start the kubelet of node {name}")

    def stop(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "KUBECONFIG": self._paths}

    def _program(self, name: str) -> Path:
        found = shutil.which(name)
        return Path(found) if found else ensure(name) / name

    def _not_ours(self, what: str) -> TestbedError:
        return TestbedError(
            f"Cannot {what}: the cluster of KUBECONFIG ({self.kubeconfig}) is used as it is;"
            " unset KUBECONFIG to run this on a testbed of its own."
        )
