"""Settings of the operator. Each comes from a flag of `bayplan operator`; durations in seconds."""

from dataclasses import dataclass
from pathlib import Path

IMAGE = "bayplan/operator"
"""The operator's own image, where nothing else is said."""
LEASE_NAMESPACE = "bayplan-system"
LEASE_NAME = "bayplan-operator"
LEASE_LOST = 4
"""Exit code of an operator that lost its Lease: it has to be started again."""


@dataclass(frozen=True, slots=True)
class PrometheusSettings:
    """Where the load of the nodes is measured, and how it is asked for."""

    url: str
    token_file: Path | None = None
    """The file with a bearer token. Each poll reads it again, as it does the next two."""
    username_file: Path | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    """None: the authorities that Python's `certifi` trusts."""
    verify: bool = True
    """Whether the server's certificate is checked."""
    interval: float = 15.0
    """From the end of one poll to the next; longer after failures."""
    timeout: float = 10.0
    """For all queries of a poll together."""
    queries: Path | None = None
    """A file of queries; None: the built-in ones."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator is told at its start."""

    identity: str
    """The name of this process in the Lease: the pod's name. It must be unique among processes that may live at the same time,
    since after a restart the same identity takes its own Lease over at once."""
    lease_namespace: str = LEASE_NAMESPACE
    lease_name: str = LEASE_NAME
    lease_duration: float = 15.0
    """How long a silent holder keeps the Lease; a crashed operator of another name is waited for this long."""
    lease_renewal: float = 4.0
    """Between two renewals."""
    kubeconfig: Path | None = None
    """None: the service account's, or the usual kubeconfig outside a cluster."""
    gather: float = 0.01
    """How long a tick waits after the first news for more of them."""
    relist_kinds: float = 300.0
    """Between two lists of the kinds; they find the deletions that a broken watch did not deliver."""
    status_interval: float = 1.0
    """Between two status writes of one graph; longer for large graphs, see ``status_bytes_per_second``."""
    status_bytes_per_second: float = 100_000.0
    """Of spec and record: a graph that is larger than this is written the less often, since each write costs the API server
    as much as the whole object is large."""
    status_writes: float = 20.0
    """Statuses of graphs in a second, of all together, that can wait for the interval: when very many graphs run, each is
    written the less often."""
    writes: int = 24
    """Requests to the API server under way at once."""
    template_checks: float = 20.0
    """Questions per second, in each namespace, about what the API server makes of pod templates; five times as many at once."""
    stuck_after: float = 60.0
    """How long containers may be unable to start (image, configuration) before that is a failure."""
    image: str = IMAGE
    """What the pods of tasks that fuse run: the operator's own image."""
    rejection_memory: float = 30.0
    """How long a node that kube-scheduler refused is left out for pods of the same kind."""
    placing_budget: float = 0.05
    """How long a planner that improves on its answer may go on with one batch; what it has then counts."""
    bandwidth: float = 125e6
    """Bytes per second between two nodes: what plans of whole graphs count for what tasks hand to each other."""
    plan_wait: float = 1.0
    """How long a graph's tasks wait for its first plan, where its policy wants plans; after that they go without."""
    plan_search: float = 2.0
    """Seconds of processor time for which a better plan of each graph is searched for; 0: none is."""
    queue_half_life: float | None = None
    """Of the shares of queues without a parent, in seconds; none: they are not compared."""
    profiles: int = 1000
    """How many tasks are remembered; those that ran longest ago are dropped."""
    profile_interval: float = 5.0
    """Between two writes of one task profile."""
    profile_writes: float = 5.0
    """Writes of task profiles per second, all together."""
    seed: int = 0
    """What strategies that draw lots start from: the same seed and the same events, the same decisions."""
    health_port: int = 8080
    """Of /healthz; 0: none."""
    metrics_port: int = 9090
    """Of /metrics; 0: none."""
    prometheus: PrometheusSettings | None = None
    """None: nothing is measured, and pods are placed by what they request."""
