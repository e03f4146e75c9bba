"""Names that the operator puts on objects, each in one place."""

import base64
import hashlib

GROUP = "bayplan.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
TASK_GRAPH = "TaskGraph"
PLACEMENT_POLICY = "PlacementPolicy"
QUEUE = "Queue"
TASK_PROFILE = "TaskProfile"
POD = "Pod"
FIELD_MANAGER = "bayplan"
NODE_RECORD = "bayplan-node-states"
"""The ConfigMap beside the Lease with what was seen of the nodes."""
NODE_RECORD_KEY = "states.json"

LABEL_GRAPH = f"{GROUP}/graph"
LABEL_GRAPH_UID = f"{GROUP}/graph-uid"
LABEL_TASK = f"{GROUP}/task"
LABEL_SHARD = f"{GROUP}/shard"
LABEL_QUEUE = f"{GROUP}/queue"
LABEL_GANG = f"{GROUP}/gang"
LABEL_GANG_SIZE = f"{GROUP}/gang-size"
LABEL_POLICY = f"{GROUP}/policy"
LABEL_PRIORITY = f"{GROUP}/priority"
LABEL_REPLICA_OF = f"{GROUP}/replica-of"
LABEL_INCARNATION = f"{GROUP}/incarnation"
ANNOTATION_NODE = f"{GROUP}/node"
ANNOTATION_OTHER_NODES = f"{GROUP}/other-nodes"
"""Of a pod about which kube-scheduler is asked for several nodes at once: the others, with commas between."""
ANNOTATION_PLACED_AT = f"{GROUP}/placed-at"
"""When its place was decided, in seconds since the epoch: from then on it counts for the share of its queue."""
ANNOTATION_WHY = f"{GROUP}/why"
ANNOTATION_TEMPLATE_HASH = f"{GROUP}/template-hash"
ANNOTATION_GPUS = f"{GROUP}/gpus"
ANNOTATION_TERM = f"{GROUP}/term"
ANNOTATION_SHARDS = f"{GROUP}/shards"
ANNOTATION_CANDIDATE = f"{GROUP}/candidate"
ANNOTATION_ROUND = f"{GROUP}/round"
ANNOTATION_PREEMPTED_BY = f"{GROUP}/preempted-by"
"""Of a pod that is evicted: for what."""
ANNOTATION_CHECKPOINTED_AT = f"{GROUP}/checkpointed-at"
"""Of a pod, by its program: when it last saved what it has done, RFC 3339."""
FINALIZER = f"{GROUP}/outcome"
GATE = f"{GROUP}/placement"
"""The scheduling gate of pods that are no graph's, and that Bayplan places all the same."""
CONDITION_PLACED = f"{GROUP}/Placed"
"""The condition of such a pod that says where it goes, or why it waits."""
QUEUE_FINALIZER = f"{GROUP}/in-use"

# On nodes, by the cluster's owner
LABEL_GPU_MODEL = f"{GROUP}/gpu-model"
LABEL_NODE_CLASS = f"{GROUP}/node-class"
LABEL_COST = f"{GROUP}/cost-per-hour"
GPU_MILLI = f"{GROUP}/gpu-milli"
"""The extended resource of nodes that share GPUs: thousandths of one."""

PRIORITY_CLASS = "bayplan"

_NAME_LIMIT = 63
_HASH_CHARACTERS = 10


def short_hash(*parts: object) -> str:
    """Fifty bits of a hash of the parts, in characters that any name may hold."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()
    return base64.b32encode(digest).decode().lower()[:_HASH_CHARACTERS]


def pod_name(graph: str, graph_uid: str, task: str, shard: int, incarnation: int) -> str:
    """A readable prefix and a hash of what the pod is; at most 63 characters. Never parsed: the labels say what it is."""
    return f"{_prefix(graph, task)}-{short_hash(graph_uid, task, shard, incarnation)}"


def gang_service(graph: str, graph_uid: str, gang: str) -> str:
    """The Service by which the pods of a gang find each other: a DNS label, which begins with a letter."""
    prefix = _prefix(graph, gang)
    letter = "" if prefix[0].isalpha() else "g-"
    return f"{letter}{prefix}"[: _NAME_LIMIT - _HASH_CHARACTERS - 1].rstrip("-") + f"-{short_hash(graph_uid, gang)}"


def profile_name(family: str, task: str) -> str:
    """The name of a task's TaskProfile: a readable prefix and a hash of family and task; at most 63 characters."""
    return f"{_prefix(family, task)}-{short_hash(family, task)}"


def part_name(task: str, part: str) -> str:
    """Under which name a part of a task is learned, be it a stage or a candidate: TASK--PART, a DNS label; where that has more
    than 63 characters, its beginning and a hash."""
    whole = f"{task}--{part}"
    if len(whole) <= _NAME_LIMIT:
        return whole
    return f"{whole[: _NAME_LIMIT - _HASH_CHARACTERS - 1].rstrip('-')}-{short_hash(task, part)}"


def _prefix(one: str, other: str) -> str:
    return f"{one}-{other}".replace(".", "-")[: _NAME_LIMIT - _HASH_CHARACTERS - 1].rstrip("-")
