"""`bayplan operator`: run the operator."""

import argparse
import logging
import socket
import sys
from pathlib import Path
from typing import Any

from bayplan_operator.cli.options import prometheus
from bayplan_operator.cli.options.values import bytes_per_second
from bayplan_operator.load import QueriesError
from bayplan_operator.process import run
from bayplan_operator.settings import Settings


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("operator", help="run the operator", description="Run the operator until it is stopped.")
    defaults = Settings(identity=socket.gethostname())
    parser.add_argument("--kubeconfig", type=Path, help="default: the service account's, or the usual kubeconfig")
    parser.add_argument(
        "--identity",
        default=defaults.identity,
        help="who this process is in the Lease; the pod's name (default: %(default)s)",
    )
    parser.add_argument("--lease-namespace", default=defaults.lease_namespace, help="default: %(default)s")
    parser.add_argument("--lease-duration", type=float, default=defaults.lease_duration, metavar="SECONDS")
    parser.add_argument("--stuck-after", type=float, default=defaults.stuck_after, metavar="SECONDS",
                        help="containers that cannot start for so long count as failed (default: %(default)g)")  # fmt: skip
    parser.add_argument("--rejection-memory", type=float, default=defaults.rejection_memory, metavar="SECONDS",
                        help="how long a node that kube-scheduler refused is left out (default: %(default)g)")  # fmt: skip
    parser.add_argument("--placing-budget", type=float, default=defaults.placing_budget, metavar="SECONDS",
                        help="how long a planner may improve on its answer to one batch (default: %(default)g)")  # fmt: skip
    parser.add_argument("--bandwidth", type=bytes_per_second, default=defaults.bandwidth, metavar="QUANTITY",
                        help="bytes per second between two nodes, for plans of whole graphs (default: 125M)")  # fmt: skip
    parser.add_argument("--plan-wait", type=float, default=defaults.plan_wait, metavar="SECONDS",
                        help="how long tasks wait for their graph's first plan (default: %(default)g)")  # fmt: skip
    parser.add_argument("--profiles", type=_from_one, default=defaults.profiles, metavar="COUNT",
                        help="how many tasks are remembered in TaskProfiles (default: %(default)s)")  # fmt: skip
    parser.add_argument("--profile-interval", type=_above_zero, default=defaults.profile_interval, metavar="SECONDS",
                        help="between two writes of one TaskProfile (default: %(default)g)")  # fmt: skip
    parser.add_argument("--profile-writes", type=_above_zero, default=defaults.profile_writes, metavar="PER_SECOND",
                        help="writes of TaskProfiles per second, all together (default: %(default)g)")  # fmt: skip
    parser.add_argument("--seed", type=_from_zero, default=defaults.seed,
                        help="what strategies that draw lots start from (default: %(default)s)")  # fmt: skip
    parser.add_argument("--health-port", type=int, default=defaults.health_port, help="0: none (default: %(default)s)")
    parser.add_argument("--metrics-port", type=int, default=defaults.metrics_port, help="0: none (default: %(default)s)")
    parser.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    prometheus.add_to(parser)
    parser.set_defaults(run=_run)


def _from_zero(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number, 0 or more, not {text!r}")
    return int(text)


def _from_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, 1 or more, not {text!r}")
    return int(text)


def _above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return value


def _run(arguments: argparse.Namespace) -> int:
    logging.basicConfig(level=arguments.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("kopf").setLevel(logging.WARNING)
    try:
        return run(_settings(arguments))
    except (prometheus.FlagsError, QueriesError) as error:
        print(f"bayplan operator: {error}", file=sys.stderr)
        return 2


def _settings(arguments: argparse.Namespace) -> Settings:
    return Settings(
        identity=arguments.identity,
        kubeconfig=arguments.kubeconfig,
        lease_namespace=arguments.lease_namespace,
        lease_duration=arguments.lease_duration,
        lease_renewal=arguments.lease_duration / 4,
        stuck_after=arguments.stuck_after,
        rejection_memory=arguments.rejection_memory,
        placing_budget=arguments.placing_budget,
        bandwidth=arguments.bandwidth,
        plan_wait=arguments.plan_wait,
        profiles=arguments.profiles,
        profile_interval=arguments.profile_interval,
        profile_writes=arguments.profile_writes,
        seed=arguments.seed,
        health_port=arguments.health_port,
        metrics_port=arguments.metrics_port,
        prometheus=prometheus.settings(arguments),
    )
