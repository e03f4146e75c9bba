"""Where the API server is and which account we use, as the official client finds it."""

import ssl
from pathlib import Path

from kubernetes import client, config


def load(kubeconfig: Path | None = None, context: str | None = None) -> client.Configuration:
    """The in-cluster configuration if there is one and no file is named, otherwise the kubeconfig's.

    Raises ``kubernetes.config.ConfigException`` if neither is usable.
    """
    configuration = client.Configuration()
    if kubeconfig is None and context is None:
        try:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
            return configuration
        except config.ConfigException:
            pass  # not in a cluster; the kubeconfig below says so clearly if it is missing too
    config.load_kube_config(  # type: ignore[no-untyped-call]
        config_file=None if kubeconfig is None else str(kubeconfig), context=context, client_configuration=configuration
    )
    return configuration


def authorization(configuration: client.Configuration) -> str | None:
    """The value of the Authorization header, refreshed where the credentials expire."""
    token: str | None = configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    return token


def tls(configuration: client.Configuration) -> ssl.SSLContext | bool:
    """The TLS settings of the configuration; ``False`` for plain HTTP."""
    if not configuration.host.startswith("https"):
        return False
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context
