"""Options of the commands that simulate: what runs, where, by which policy, and what is left to chance."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from bayplan_operator.cli.options import values
from bayplan_operator.cli.options.declared import option
from bayplan_operator.settings import Settings

FILE = option(
    "--file", "-f", metavar="PATH",
    text="a file or folder with TaskGraphs, WfCommons workflows or Argo DAGs; -: standard input; may be repeated",
)  # fmt: skip
STRICT = option("--strict", text="end with an error where a file says something that is not simulated (default: name it)")
POLICY = option(
    "--policy", metavar="NAME|FILE",
    text="a preset's name, or a file with a PlacementPolicy; default: the policies that the graphs name",
)  # fmt: skip
POLICIES = option(
    "--policy", metavar="NAME|FILE", text="a preset's name, or a file with a PlacementPolicy; may be given several times"
)


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """What runs."""

    file: Annotated[list[Path], FILE]
    strict: Annotated[bool, STRICT] = False


@dataclass(frozen=True, kw_only=True)
class TraceOptions:
    """Which queues the jobs of traces are in."""

    queue_by: Annotated[
        Literal["queue", "user", "group"],
        option("--queue-by", text="the column of a trace that says the queue of a job (default: queue)"),
    ] = "queue"
    queue_map: Annotated[
        dict[str, str] | None,
        option("--queue-map", metavar="VALUE=QUEUE,...", parse=values.names,
               text="the Queue for what stands in that column, such as 1=interactive,2=batch"),
    ] = None  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class NodeOptions:
    """Where graphs run, and how fast."""

    called: typer.Context
    """How the command was called: no option, typer hands it over."""
    nodes: Annotated[
        Path | None, option("--nodes", metavar="FILE", text="nodes: kubectl get nodes -o yaml, or a short list")
    ] = None
    speeds: Annotated[
        dict[str, float] | None,
        option("--speeds", metavar="CLASS=X,...", parse=values.speeds,
               text="speed of each node class, such as fast=2.0,slow=0.5; others have 1"),
    ] = None  # fmt: skip
    bandwidth: Annotated[
        float,
        option("--bandwidth", metavar="QUANTITY", parse=values.bytes_per_second,
               text="bytes per second between two nodes, for dependsOn[].data (default: 125M, 1 Gbit/s)"),
    ] = Settings(identity="").bandwidth  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LuckOptions:
    """What is left to chance, delays, and how often graphs come."""

    failures: Annotated[
        str | None,
        option("--failures", metavar="FILE|mtbf=24h,...",
               text="what breaks: a file, or mtbf=24h,repair=10m,attempts=1%"),
    ] = None  # fmt: skip
    noise: Annotated[
        float,
        option("--noise", metavar="SHARE", parse=values.share,
               text="coefficient of variation of run times, such as 0.3 or 30% (default: none)"),
    ] = 0.0  # fmt: skip
    delays: Annotated[
        str,
        option("--delays", metavar="binding=100ms,...",
               text="binding: until a node has the pod; starting: until it runs; noticing: until a crash shows"),
    ] = ""  # fmt: skip
    scrapes: Annotated[
        str,
        option("--scrapes", metavar="interval=15s,...",
               text="interval: between measurements of load; delay: until one is known"),
    ] = ""  # fmt: skip
    repeat: Annotated[
        int,
        option("--repeat", metavar="TIMES", parse=values.count,
               text="submit all graphs so many times, one round after the other (default: once)"),
    ] = 1  # fmt: skip
    every: Annotated[
        float,
        option("--every", metavar="DURATION", parse=values.duration,
               text="submit the graphs so far apart, in the order of their files (default: all at once)"),
    ] = 0.0  # fmt: skip
    until: Annotated[
        float, option("--until", metavar="DURATION", parse=values.long, text="stop after so much virtual time")
    ] = float("inf")
