"""The testbed's own certificate authority and keys, made with openssl."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .errors import TestbedError

_DAYS = "3650"


@dataclass(frozen=True)
class Certificates:
    """PEM files of one control plane."""

    ca: Path
    ca_key: Path
    server: Path
    server_key: Path
    service_account_public: Path
    service_account_key: Path


def create(folder: Path, addresses: tuple[str, ...]) -> Certificates:
    """Make a CA, the API server's certificate for `addresses` (IPs) and the service accounts' key pair.

    Raises TestbedError when openssl is missing or fails.
    """
    if shutil.which("openssl") is None:
        raise TestbedError("The program openssl is missing; it belongs to the package openssl.")
    folder.mkdir(parents=True)
    names = ("ca.crt", "ca.key", "apiserver.crt", "apiserver.key", "sa.pub", "sa.key")
    made = Certificates(*(folder / name for name in names))
    _self_signed_ca(made)
    _server(made, folder, addresses)
    _openssl("genrsa", "-out", str(made.service_account_key), "2048")
    _openssl("rsa", "-in", str(made.service_account_key), "-pubout", "-out", str(made.service_account_public))
    return made


@dataclass(frozen=True)
class ClientCertificate:
    """PEM files with which a user proves who it is."""

    certificate: Path
    key: Path


def client(pki: Path, folder: Path, user: str, group: str) -> ClientCertificate:
    """Make a certificate for `user` of `group`, signed by the CA that `create` made in the folder `pki`."""
    folder.mkdir(parents=True, exist_ok=True)
    request, made = folder / "client.csr", ClientCertificate(folder / "client.crt", folder / "client.key")
    _openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/O={group}/CN={user}"),
        *("-keyout", str(made.key), "-out", str(request)),
    )
    _openssl(
        *("x509", "-req", "-in", str(request), "-CA", str(pki / "ca.crt"), "-CAkey", str(pki / "ca.key")),
        *("-CAcreateserial", "-days", _DAYS, "-out", str(made.certificate)),
    )
    return made


def _self_signed_ca(made: Certificates) -> None:
    _openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", _DAYS, "-subj", "/CN=bayplan-testbed"),
        *("-addext", "keyUsage=critical,keyCertSign,digitalSignature"),
        *("-keyout", str(made.ca_key), "-out", str(made.ca)),
    )


def _server(made: Certificates, folder: Path, addresses: tuple[str, ...]) -> None:
    hosts = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost")
    alternatives = [f"DNS:{host}" for host in hosts] + [f"IP:{address}" for address in addresses]
    request, extensions = folder / "apiserver.csr", folder / "apiserver.ext"
    extensions.write_text(f"subjectAltName={','.join(alternatives)}\nextendedKeyUsage=serverAuth,clientAuth\n")
    _openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=kube-apiserver"),
        *("-keyout", str(made.server_key), "-out", str(request)),
    )
    _openssl(
        *("x509", "-req", "-in", str(request), "-CA", str(made.ca), "-CAkey", str(made.ca_key), "-CAcreateserial"),
        *("-days", _DAYS, "-extfile", str(extensions), "-out", str(made.server)),
    )


def _openssl(*args: str) -> None:
    done = subprocess.run(["openssl", *args], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise TestbedError(f"`openssl {args[0]}` failed: {done.stderr.strip()}")
