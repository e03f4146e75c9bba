"""kopf's part: it watches the kinds, and its handlers put what they see into the inboxes. Nothing is decided here."""

from collections.abc import Mapping
from typing import Any, cast

import kopf
from kubernetes import client

from bayplan_operator import names
from bayplan_operator.kube import configuration as kube_configuration
from bayplan_operator.view.inbox import Inbox
from bayplan_operator.view.kinds import Inboxes


def registry(configuration: client.Configuration, inboxes: Inboxes) -> tuple[kopf.OperatorRegistry, kopf.OperatorSettings]:
    """What ``kopf.operator`` needs: handlers for all kinds, and settings under our own name."""
    handlers = kopf.OperatorRegistry()

    @kopf.on.login(registry=handlers)
    def login(**_: Any) -> kopf.ConnectionInfo:
        return _connection(configuration)

    _feed(handlers, "taskgraphs", inboxes.graphs)
    _feed(handlers, "placementpolicies", inboxes.policies)
    _feed(handlers, "queues", inboxes.queues)
    _feed(handlers, "taskprofiles", inboxes.profiles)
    return handlers, _settings()


def _feed(handlers: kopf.OperatorRegistry, plural: str, inbox: Inbox) -> None:
    @kopf.on.event(names.GROUP, names.VERSION, plural, registry=handlers, id=plural)
    async def take(event: Mapping[str, Any], **_: Any) -> None:
        # A coroutine although it waits for nothing: kopf would have a function run by a thread, and the inbox is the loop's.
        raw = event["object"]
        if event["type"] == "DELETED":
            inbox.drop(raw)
        else:
            inbox.put(raw)


def _connection(configuration: client.Configuration) -> kopf.ConnectionInfo:
    scheme, _, token = (kube_configuration.authorization(configuration) or "").rpartition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        scheme=scheme.capitalize() or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )


class _NoProgress(kopf.ProgressStorage):
    """Handlers of events alone make no progress that would have to be remembered."""

    def fetch(self, **_: Any) -> None:
        """Nothing is known."""

    def store(self, **_: Any) -> None:
        """Nothing is kept."""

    def purge(self, **_: Any) -> None:
        """Nothing is there."""

    def touch(self, **_: Any) -> None:
        """Nothing is written."""

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        """Nothing is in it."""
        return essence


class _NoDifferences(kopf.DiffBaseStorage):
    """Nothing asks what has changed in an object: otherwise kopf copies each, status and all, several times an event."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        """Nothing is compared."""
        return cast(kopf.BodyEssence, {})

    def fetch(self, **_: Any) -> None:
        """Nothing was kept."""

    def store(self, **_: Any) -> None:
        """Nothing is kept."""


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.persistence.finalizer = f"{names.GROUP}/kopf"  # the default carries another organisation's name
    settings.persistence.progress_storage = _NoProgress()
    settings.persistence.diffbase_storage = _NoDifferences()
    settings.scanning.disabled = True  # the RBAC is static, and so are the kinds
    settings.posting.enabled = False  # events are written by the writer
    settings.watching.server_timeout = 290
    settings.watching.client_timeout = 330
    return settings
