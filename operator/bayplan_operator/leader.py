"""One operator at a time: a Lease, renewed in a thread of its own."""

import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any

import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from bayplan_operator import metrics
from bayplan_operator.clock import Clock
from bayplan_operator.settings import Settings

log = logging.getLogger(__name__)


def in_words(error: Exception) -> str:
    """One line: what the API server says, if it has answered."""
    try:
        said = json.loads(error.body or "")["message"] if isinstance(error, ApiException) else None
    except (TypeError, ValueError, KeyError):
        said = None
    return " ".join(str(said or error).split())


class Leader:
    """Holds the Lease, or says that it does not.

    ``leading`` is true only while the last renewal that is known to have worked is younger than the Lease's duration less
    one renewal interval: the caller stops deciding before another process may start to.
    """

    def __init__(self, settings: Settings, configuration: client.Configuration, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._api = client.CoordinationV1Api(client.ApiClient(configuration))
        self._renewed_at = float("-inf")
        self.term = 0
        """How often the Lease had changed hands when this process got it."""
        self._stop = threading.Event()
        self._observed: tuple[str, float] = ("", 0.0)
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def start(self) -> None:
        """Begin to ask for the Lease."""
        self._thread.start()

    def stop(self) -> None:
        """Stop renewing and give the Lease back, so that a successor need not wait."""
        self._stop.set()
        self._thread.join(timeout=2 * self._settings.lease_renewal)
        if self.leading:
            self._renewed_at = float("-inf")
            self._give_back()

    @property
    def leading(self) -> bool:
        """Whether this process may decide now."""
        fresh = self._settings.lease_duration - self._settings.lease_renewal
        return self._clock.monotonic() - self._renewed_at < fresh

    def _run(self) -> None:
        while True:
            asked_at = self._clock.monotonic()
            try:
                if self._acquire_or_renew():
                    self._renewed_at = asked_at  # the instant of asking: the answer may have taken its time
            except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
                log.warning("the Lease could not be renewed: %s", in_words(error))
            metrics.LEADER.set(self.leading)
            if self._stop.wait(self._settings.lease_renewal if self.leading else min(1.0, self._settings.lease_renewal)):
                return

    def _acquire_or_renew(self) -> bool:
        settings, now = self._settings, datetime.fromtimestamp(self._clock.now(), UTC)
        try:
            lease = self._api.read_namespaced_lease(
                settings.lease_name, settings.lease_namespace, _request_timeout=settings.lease_renewal
            )
        except ApiException as error:
            if error.status != 404:
                raise
            return self._create(now)
        spec = lease.spec or client.V1LeaseSpec()
        lease.spec = spec
        if spec.holder_identity not in (None, "", settings.identity) and not self._expired(lease):
            return False
        if spec.holder_identity != settings.identity:
            spec.lease_transitions = (spec.lease_transitions or 0) + 1
            spec.acquire_time = now
        spec.holder_identity = settings.identity
        spec.lease_duration_seconds = round(settings.lease_duration)
        spec.renew_time = now
        self.term = spec.lease_transitions or 0
        return self._write(lambda: self._api.replace_namespaced_lease(
            settings.lease_name, settings.lease_namespace, lease, _request_timeout=settings.lease_renewal
        ))  # fmt: skip

    def _expired(self, lease: Any) -> bool:
        """Judged by how long we have seen it unchanged, so that clocks need not agree."""
        version = lease.metadata.resource_version
        if version != self._observed[0]:
            self._observed = (version, self._clock.monotonic())
        return self._clock.monotonic() - self._observed[1] > (
            lease.spec.lease_duration_seconds or self._settings.lease_duration
        )

    def _create(self, now: datetime) -> bool:
        settings = self._settings
        lease = client.V1Lease(
            metadata=client.V1ObjectMeta(name=settings.lease_name, namespace=settings.lease_namespace),
            spec=client.V1LeaseSpec(
                holder_identity=settings.identity,
                lease_duration_seconds=round(settings.lease_duration),
                acquire_time=now,
                renew_time=now,
                lease_transitions=0,
            ),
        )
        return self._write(lambda: self._api.create_namespaced_lease(
            settings.lease_namespace, lease, _request_timeout=settings.lease_renewal
        ))  # fmt: skip

    def _write(self, request: Any) -> bool:
        try:
            request()
        except ApiException as error:
            if error.status == 409:
                return False  # another process was first
            raise
        return True

    def _give_back(self) -> None:
        settings = self._settings
        try:
            lease = self._api.read_namespaced_lease(
                settings.lease_name, settings.lease_namespace, _request_timeout=settings.lease_renewal
            )
            if lease.spec is not None and lease.spec.holder_identity == settings.identity:
                lease.spec.holder_identity = ""
                self._api.replace_namespaced_lease(
                    settings.lease_name, settings.lease_namespace, lease, _request_timeout=settings.lease_renewal
                )
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            log.warning("the Lease could not be given back; a successor waits until it expires: %s", in_words(error))
