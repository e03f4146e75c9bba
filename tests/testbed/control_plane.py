"""etcd, kube-apiserver, kube-controller-manager and kube-scheduler on loopback."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import certificates, kubeconfig
from .api import Api
from .errors import TestbedError
from .processes import Process, free_ports, spawn, stop

READY_SECONDS = 180.0
_LOOPBACK = "127.0.0.1"
SCHEDULER_PORT = "kube-scheduler.port"
"""File in the folder of a testbed that says where kube-scheduler serves its metrics."""
_USERS = {  # user name -> groups, as kubeadm's certificates have them
    "admin": "system:masters",
    "kwok": "system:masters",
    "system:kube-controller-manager": "",
    "system:kube-scheduler": "",
}


@dataclass(frozen=True)
class ControlPlaneOptions:
    """How the control plane runs. The rates default to what a kubeadm cluster has.

    `extra_addresses` are further IPs of this machine at which nodes reach the API server, e.g. a bridge's.
    `*_args` are appended to that program's command line and so override what is set here.
    """

    scheduler_qps: float = 50
    scheduler_burst: int = 100
    controller_manager_qps: float = 20
    controller_manager_burst: int = 30
    feature_gates: tuple[tuple[str, bool], ...] = ()
    extra_addresses: tuple[str, ...] = ()
    apiserver_args: tuple[str, ...] = ()
    controller_manager_args: tuple[str, ...] = ()


@dataclass
class ControlPlane:
    """The running programs, in the order they were started.

    `grace_period`: seconds that a node may be silent before it is NotReady.
    """

    directory: Path
    binaries: Path
    options: ControlPlaneOptions
    grace_period: float
    keep: bool
    processes: list[Process] = field(default_factory=list)

    def start(self) -> Api:
        """Start everything; the API server is ready when this returns the admin's connection to it."""
        etcd, peer, secure, manager, scheduler = free_ports(5)
        addresses = (_LOOPBACK, "10.96.0.1", *self.options.extra_addresses)
        made = certificates.create(self.directory / "pki", addresses)
        tokens = {user: secrets.token_hex(16) for user in _USERS}
        self._write_tokens(tokens)
        server = kubeconfig.Server(f"https://{_LOOPBACK}:{secure}", made.ca.read_bytes())
        for user, token in tokens.items():
            kubeconfig.write(self.kubeconfig(user), server, token)
        api = Api(_LOOPBACK, secure, made.ca, tokens["admin"])

        self._spawn("etcd", _etcd(self.directory / "etcd", etcd, peer))
        self._spawn("kube-apiserver", self._apiserver(etcd, secure, made))
        self._wait("/readyz", api)
        self._spawn("kube-controller-manager", self._controller_manager(manager, made))
        self._spawn("kube-scheduler", self._scheduler(scheduler, made))
        return api

    def wait_until_usable(self, api: Api) -> None:
        """Wait until the controllers work: pods can be created once the controller manager has made their account."""
        self._wait("/api/v1/namespaces/default/serviceaccounts/default", api)

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig of one of the built-in users."""
        return self.directory / f"{user.removeprefix('system:')}.kubeconfig"

    def stop(self, grace: float) -> None:
        """End what `start` started. The data is thrown away, so nothing waits for a clean end."""
        stop(reversed(self.processes), grace)

    def _spawn(self, program: str, args: Iterable[str]) -> None:
        command = [str(self.binaries / program), *args]
        self.processes.append(spawn(command, self.directory / f"{program}.log", keep=self.keep))

    def _wait(self, path: str, api: Api) -> None:
        end = time.monotonic() + READY_SECONDS
        what = "no answer"
        while time.monotonic() < end:
            for process in self.processes:
                process.check()
            try:
                status, answer = api.request("GET", path)
            except ConnectionError as error:
                what = str(error)
            else:
                if status == 200:
                    return
                what = f"{status} {answer}"
            time.sleep(0.05)
        log = self.directory / "kube-apiserver.log"
        raise TestbedError(f"The API server did not serve {path} within {READY_SECONDS:.0f} s ({what}); see {log}.")

    def _write_tokens(self, tokens: dict[str, str]) -> None:
        path = self.directory / "tokens.csv"
        path.touch(mode=0o600)
        path.write_text("".join(f'{tokens[user]},{user},{user},"{group}"\n' for user, group in _USERS.items()))

    def _gates(self) -> list[str]:
        gates = ",".join(f"{name}={str(on).lower()}" for name, on in self.options.feature_gates)
        return [f"--feature-gates={gates}"] if gates else []

    def _apiserver(self, etcd: int, port: int, made: certificates.Certificates) -> list[str]:
        extra = self.options.extra_addresses
        return [
            f"--etcd-servers=http://{_LOOPBACK}:{etcd}",
            f"--bind-address={'0.0.0.0' if extra else _LOOPBACK}",
            f"--advertise-address={extra[0] if extra else _LOOPBACK}",
            # A loopback address may not stand in the Endpoints of the Service `kubernetes`.
            f"--endpoint-reconciler-type={'lease' if extra else 'none'}",
            f"--secure-port={port}",
            f"--tls-cert-file={made.server}",
            f"--tls-private-key-file={made.server_key}",
            f"--client-ca-file={made.ca}",
            # Real kubelets want to know who asks them for logs.
            f"--kubelet-client-certificate={made.server}",
            f"--kubelet-client-key={made.server_key}",
            "--kubelet-preferred-address-types=InternalIP,Hostname",  # their host names are known to no DNS
            f"--token-auth-file={self.directory / 'tokens.csv'}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={made.service_account_public}",
            f"--service-account-signing-key-file={made.service_account_key}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--allow-privileged=true",
            *self._gates(),
            *self.options.apiserver_args,
        ]

    def _controller_manager(self, port: int, made: certificates.Certificates) -> list[str]:
        options = self.options
        config = self.kubeconfig("system:kube-controller-manager")
        return [
            f"--kubeconfig={config}",
            f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}",
            f"--bind-address={_LOOPBACK}",
            f"--secure-port={port}",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={made.service_account_key}",
            f"--root-ca-file={made.ca}",
            f"--cluster-signing-cert-file={made.ca}",
            f"--cluster-signing-key-file={made.ca_key}",
            f"--kube-api-qps={options.controller_manager_qps}",
            f"--kube-api-burst={options.controller_manager_burst}",
            f"--node-monitor-grace-period={self.grace_period}s",
            # Else it makes a folder under /usr on the machine that the testbed runs on.
            f"--flex-volume-plugin-dir={self.directory / 'flexvolume'}",
            f"--node-monitor-period={min(5.0, self.grace_period / 6)}s",
            *self._gates(),
            *options.controller_manager_args,
        ]

    def _scheduler(self, port: int, made: certificates.Certificates) -> list[str]:
        options, config = self.options, self.kubeconfig("system:kube-scheduler")
        document = {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "leaderElection": {"leaderElect": False},
            "clientConnection": {
                "kubeconfig": str(config),
                "qps": options.scheduler_qps,
                "burst": options.scheduler_burst,
            },
        }
        path = self.directory / "kube-scheduler.yaml"
        path.write_text(json.dumps(document, indent=2))
        (self.directory / SCHEDULER_PORT).write_text(str(port))
        return [
            f"--config={path}",
            f"--tls-cert-file={made.server}",
            f"--tls-private-key-file={made.server_key}",
            f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}",
            f"--bind-address={_LOOPBACK}",
            f"--secure-port={port}",
            *self._gates(),
        ]


def _etcd(data: Path, client: int, peer: int) -> list[str]:
    client_url, peer_url = f"http://{_LOOPBACK}:{client}", f"http://{_LOOPBACK}:{peer}"
    return [
        "--name=testbed",
        f"--data-dir={data}",
        f"--listen-client-urls={client_url}",
        f"--advertise-client-urls={client_url}",
        f"--listen-peer-urls={peer_url}",
        f"--initial-advertise-peer-urls={peer_url}",
        f"--initial-cluster=testbed={peer_url}",
        "--unsafe-no-fsync",
        "--log-level=warn",
        f"--quota-backend-bytes={8 * 1024**3}",
    ]
