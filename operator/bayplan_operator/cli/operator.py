"""`bayplan operator`: run the operator."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from bayplan_operator.cli.options import values
from bayplan_operator.cli.options.declared import Command, option
from bayplan_operator.cli.options.prometheus import PrometheusOptions
from bayplan_operator.cli.options.simulation import QUEUE_HALF_LIFE
from bayplan_operator.settings import Settings

_DEFAULTS = Settings(identity=socket.gethostname())


def _seconds(name: str, text: str = "", parse: Any = values.number) -> Any:
    return option(name, metavar="SECONDS", text=text, parse=parse)


@dataclass(frozen=True, kw_only=True)
class DecidingOptions:
    """How the operator decides, and its name in the Lease."""

    kubeconfig: Annotated[
        Path | None,
        option("--kubeconfig", metavar="FILE", text="default: the service account's, or the usual kubeconfig"),
    ] = None
    identity: Annotated[
        str,
        option("--identity", metavar="TEXT",
               text=f"name of this process in the Lease; the pod's name (default: {_DEFAULTS.identity})"),
    ] = _DEFAULTS.identity  # fmt: skip
    lease_namespace: Annotated[
        str, option("--lease-namespace", metavar="TEXT", text=f"default: {_DEFAULTS.lease_namespace}")
    ] = _DEFAULTS.lease_namespace
    lease_duration: Annotated[float, _seconds("--lease-duration", f"default: {_DEFAULTS.lease_duration:g}")] = (
        _DEFAULTS.lease_duration
    )
    stuck_after: Annotated[
        float,
        _seconds("--stuck-after",
                 f"containers that cannot start for so long count as failed (default: {_DEFAULTS.stuck_after:g})"),
    ] = _DEFAULTS.stuck_after  # fmt: skip
    image: Annotated[
        str,
        option("--image", metavar="IMAGE",
               text=f"what the pods of tasks that fuse run: this operator's image (default: {_DEFAULTS.image})"),
    ] = _DEFAULTS.image  # fmt: skip
    rejection_memory: Annotated[
        float,
        _seconds("--rejection-memory",
                 f"how long a node that kube-scheduler refused is left out (default: {_DEFAULTS.rejection_memory:g})"),
    ] = _DEFAULTS.rejection_memory  # fmt: skip
    placing_budget: Annotated[
        float,
        _seconds("--placing-budget",
                 f"how long a planner may improve on its answer to one batch (default: {_DEFAULTS.placing_budget:g})"),
    ] = _DEFAULTS.placing_budget  # fmt: skip
    bandwidth: Annotated[
        float,
        option("--bandwidth", metavar="QUANTITY", parse=values.bytes_per_second,
               text="bytes per second between two nodes, for plans of whole graphs (default: 125M)"),
    ] = _DEFAULTS.bandwidth  # fmt: skip
    plan_wait: Annotated[
        float,
        _seconds("--plan-wait", f"how long tasks wait for their graph's first plan (default: {_DEFAULTS.plan_wait:g})"),
    ] = _DEFAULTS.plan_wait
    plan_search: Annotated[
        float,
        _seconds("--plan-search", "of processor time for which a better plan of each graph is searched for, "
                 f"0: none (default: {_DEFAULTS.plan_search:g})"),
    ] = _DEFAULTS.plan_search  # fmt: skip
    status_writes: Annotated[
        float,
        option("--status-writes", metavar="PER_SECOND", parse=values.above_zero,
               text=f"statuses of graphs per second that can wait, all together (default: {_DEFAULTS.status_writes:g})"),
    ] = _DEFAULTS.status_writes  # fmt: skip
    template_checks: Annotated[
        float,
        option("--template-checks", metavar="PER_SECOND", parse=values.above_zero,
               text="templates of which the API server is asked per second, in each namespace "
               f"(default: {_DEFAULTS.template_checks:g})"),
    ] = _DEFAULTS.template_checks  # fmt: skip
    queue_half_life: Annotated[
        float | None,
        option("--queue-half-life", metavar="DURATION", parse=values.long, text=QUEUE_HALF_LIFE),
    ] = None
    profiles: Annotated[
        int,
        option("--profiles", metavar="COUNT", parse=values.from_one,
               text=f"how many tasks are remembered in TaskProfiles (default: {_DEFAULTS.profiles})"),
    ] = _DEFAULTS.profiles  # fmt: skip
    profile_interval: Annotated[
        float,
        _seconds("--profile-interval",
                 f"between two writes of one TaskProfile (default: {_DEFAULTS.profile_interval:g})", values.above_zero),
    ] = _DEFAULTS.profile_interval  # fmt: skip
    profile_writes: Annotated[
        float,
        option("--profile-writes", metavar="PER_SECOND", parse=values.above_zero,
               text=f"writes of TaskProfiles per second, all together (default: {_DEFAULTS.profile_writes:g})"),
    ] = _DEFAULTS.profile_writes  # fmt: skip
    seed: Annotated[
        int,
        option("--seed", metavar="SEED", parse=values.from_zero,
               text=f"what strategies that draw lots start from (default: {_DEFAULTS.seed})"),
    ] = _DEFAULTS.seed  # fmt: skip
    health_port: Annotated[
        int, option("--health-port", metavar="PORT", parse=values.whole, text=f"0: none (default: {_DEFAULTS.health_port})")
    ] = _DEFAULTS.health_port
    metrics_port: Annotated[
        int, option("--metrics-port", metavar="PORT", parse=values.whole, text=f"0: none (default: {_DEFAULTS.metrics_port})")
    ] = _DEFAULTS.metrics_port
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], option("--log-level", text="default: INFO")] = "INFO"


@dataclass(frozen=True, kw_only=True)
class OperatorOptions(PrometheusOptions, DecidingOptions):
    """All that the operator is told."""

    def settings(self) -> Settings:
        """Raises ``FlagsError``."""
        return Settings(
            identity=self.identity,
            kubeconfig=self.kubeconfig,
            lease_namespace=self.lease_namespace,
            lease_duration=self.lease_duration,
            lease_renewal=self.lease_duration / 4,
            stuck_after=self.stuck_after,
            image=self.image,
            rejection_memory=self.rejection_memory,
            placing_budget=self.placing_budget,
            bandwidth=self.bandwidth,
            plan_wait=self.plan_wait,
            plan_search=self.plan_search,
            status_writes=self.status_writes,
            template_checks=self.template_checks,
            queue_half_life=self.queue_half_life,
            profiles=self.profiles,
            profile_interval=self.profile_interval,
            profile_writes=self.profile_writes,
            seed=self.seed,
            health_port=self.health_port,
            metrics_port=self.metrics_port,
            prometheus=self.prometheus(),
        )


COMMAND = Command(
    "operator",
    "run the operator",
    "Run the operator until it is stopped.",
    OperatorOptions,
)
