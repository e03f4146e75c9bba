"""What becomes of every field of Argo's types: it is read, or named on standard error, or changes nothing that is simulated.

Source: the API types of Argo Workflows 4.0.5, https://github.com/argoproj/argo-workflows/blob/v4.0.5/api/openapi-spec/swagger.json,
and fields of older versions that its controller still takes. Pods and containers: Kubernetes' API types.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bayplan_operator.api.validation.words import nearest
from bayplan_operator.workflows.argo.remarks import Remarks, below
from bayplan_operator.workflows.fields import Fields

# Why a field changes nothing.
_INSIDE = "what happens inside a container: how long it runs is said by the annotations"
_TRANSFERS = "the file does not say how large artifacts are: what they take is part of the run time"
_RIGHTS = "rights and accounts are checked by a cluster"
_NETWORK = "names and addresses that a pod sees"
_AFTERWARDS = "what becomes of objects once their pods have ended"
_REPORTS = "only reports and records"
_PULLS = "image pulls count as --delays starting"
_ONE_RUN = "one run is simulated, which begins when its graph is submitted"
_IGNORED = "Argo does not use it"


@dataclass(frozen=True, slots=True)
class ArgoType:
    """The fields of one type."""

    name: str
    read: frozenset[str]
    named: Mapping[str, str] = field(default_factory=dict)
    """Field to the reason that standard error gives."""
    without_effect: Mapping[str, str] = field(default_factory=dict)
    """Field to the reason why it has no effect on what runs, where and when."""

    @property
    def fields(self) -> list[str]:
        """All that the type has."""
        return [*self.read, *self.named, *self.without_effect]


def look(at: Fields, kind: ArgoType, remarks: Remarks) -> None:
    """Names all fields of a map that change something and are not read."""
    for name, value in at.value.items():
        # What begins with $ directs a patch.
        if says_nothing(value) or name in kind.read or name in kind.without_effect or str(name).startswith("$"):
            continue
        place = below(at.place, name)
        if name in kind.named:
            remarks.not_read(place, kind.named[name])
        else:
            advice = nearest(str(name), kind.fields, what="fields")
            remarks.not_read(place, f"{kind.name} has no such field; {advice}")


def name_fail_fast(at: Fields, remarks: Remarks) -> None:
    """Name `failFast: false` of a template or dag: no other field means something by being false."""
    if at.value.get("failFast") is False:
        remarks.not_read(at.at("failFast"), "a simulated graph starts nothing new once a task has failed for good")


def says_nothing(value: object) -> bool:
    """It is as if the field were not there."""
    return value is None or value is False or value in ("", [], {})


def _type(name: str, read: str, named: Mapping[str, str], without_effect: Mapping[str, str]) -> ArgoType:
    """`without_effect`: reason to fields."""
    reasons = {each: reason for reason, fields in without_effect.items() for each in fields.split()}
    return ArgoType(name, frozenset(read.split()), named, reasons)


_LOCKS = "locks that pods wait for are not simulated"
_KILLS = "nothing is stopped after a time: pods run as long as they take"
_PREEMPTION = "priorities of pods and preemption are not simulated"
_SCHEDULER = "places are chosen by Bayplan's policy"
_VOLUMES = "where volumes can be attached is not simulated"

CRON_WORKFLOW_SPEC = _type(
    "a CronWorkflow's spec", "workflowSpec",
    {"suspend": "Argo would not start it; here it runs once", "when": "it is taken to start"},
    {_ONE_RUN: "schedule schedules timezone concurrencyPolicy startingDeadlineSeconds stopStrategy",
     _AFTERWARDS: "successfulJobsHistoryLimit failedJobsHistoryLimit", _REPORTS: "workflowMetadata"},
)  # fmt: skip
WORKFLOW_SPEC = _type(
    "a workflow's spec",
    "entrypoint templates arguments templateDefaults nodeSelector affinity tolerations podSpecPatch podMetadata retryStrategy "
    "onExit volumes parallelism workflowTemplateRef",
    {
        "hooks": "pods that hooks start are not simulated",
        "activeDeadlineSeconds": _KILLS,
        "artifactGC": "pods that delete artifacts are not simulated",
        "hostNetwork": "ports of the host are not simulated",
        "podPriority": _PREEMPTION,
        "podPriorityClassName": _PREEMPTION,
        "priority": "which of several workflows Argo starts first is not simulated",
        "schedulerName": _SCHEDULER,
        "shutdown": "Argo would stop it; here it runs",
        "suspend": "Argo would start nothing until it is resumed; here it begins at once",
        "synchronization": _LOCKS,
        "volumeClaimTemplates": _VOLUMES,
    },
    {
        _RIGHTS: "serviceAccountName automountServiceAccountToken executor imagePullSecrets securityContext",
        _NETWORK: "dnsConfig dnsPolicy hostAliases",
        _AFTERWARDS: "podGC ttlStrategy ttlSecondsAfterFinished volumeClaimGC",
        _REPORTS: "archiveLogs metrics workflowMetadata",
        _TRANSFERS: "artifactRepositoryRef",
        "evictions are not simulated": "podDisruptionBudget",
    },
)
TEMPLATE = _type(
    "a template",
    "name inputs nodeSelector affinity tolerations metadata podSpecPatch retryStrategy daemon dag steps container script "
    "containerSet initContainers sidecars volumes parallelism failFast resource suspend data http plugin",
    {
        "activeDeadlineSeconds": _KILLS,
        "memoize": "every pod is taken to run, whatever is remembered of earlier runs",
        "priorityClassName": _PREEMPTION,
        "priority": _PREEMPTION,
        "schedulerName": _SCHEDULER,
        "synchronization": _LOCKS,
        "timeout": _KILLS,
    },
    {
        _TRANSFERS: "outputs archiveLocation",
        _RIGHTS: "serviceAccountName automountServiceAccountToken executor securityContext",
        _NETWORK: "hostAliases",
        _REPORTS: "metrics annotations",
        _IGNORED: "template templateRef arguments resubmitPendingPods",
    },
)
_DEFAULTS_NAMED = dict.fromkeys(("inputs", "daemon", "parallelism", "failFast"), "templateDefaults is read for pods alone")
_KINDS = ("name", "dag", "steps", "suspend", "resource", "data", "http", "plugin")
TEMPLATE_DEFAULTS = replace(
    TEMPLATE,
    name="templateDefaults",
    read=TEMPLATE.read - {*_DEFAULTS_NAMED, *_KINDS},
    named={**TEMPLATE.named, **_DEFAULTS_NAMED},
    without_effect={**TEMPLATE.without_effect, **dict.fromkeys(_KINDS, "a template stays what it is")},
)
DAG = _type("a dag", "tasks target failFast", {}, {})
_CALL_NAMED = {
    "when": "it is taken to run",
    "continueOn": "what follows is taken to wait for its success",
    "hooks": "pods that hooks start are not simulated",
    "onExit": "pods that hooks start are not simulated",
}
_CALL = "name template templateRef inline arguments withItems withParam withSequence"
DAG_TASK = _type("a task of a dag", f"{_CALL} dependencies depends", _CALL_NAMED, {})
WORKFLOW_STEP = _type("a step", _CALL, _CALL_NAMED, {})
ARGUMENTS = _type("arguments", "parameters", {}, {_TRANSFERS: "artifacts"})
INPUTS = _type("inputs", "parameters", {}, {_TRANSFERS: "artifacts"})
PARAMETER = _type(
    "a parameter", "name value default valueFrom", {},
    {"what a person may choose": "description enum", "outputs of pods are not simulated": "globalName"},
)  # fmt: skip
METADATA = _type("metadata of pods", "annotations", {}, {"pods nearby are not simulated": "labels"})
RETRY_STRATEGY = _type(
    "a retryStrategy", "limit backoff retryPolicy",
    {"affinity": "a retry may go to the same node", "expression": "every failure is retried"}, {},
)  # fmt: skip
BACKOFF = _type(
    "a backoff", "duration factor cap", {"maxDuration": "retries go on until their number is used up"}, {}
)  # fmt: skip
CONTAINER_SET = _type(
    "a containerSet", "containers",
    {"retryStrategy": "retries inside a pod are not simulated"}, {_INSIDE: "volumeMounts"},
)  # fmt: skip
CONTAINER = _type(
    "a container", "name resources restartPolicy ports", {},
    {
        _INSIDE: "args command env envFrom lifecycle livenessProbe readinessProbe startupProbe stdin stdinOnce tty source "
        "terminationMessagePath terminationMessagePolicy workingDir volumeMounts volumeDevices mirrorVolumeMounts dependencies "
        "restartPolicyRules",
        _PULLS: "image imagePullPolicy",
        _RIGHTS: "securityContext",
        "pods are not resized while they run": "resizePolicy",
    },
)  # fmt: skip
RESOURCES = _type(
    "resources", "requests limits", {"claims": "devices that are claimed are not simulated"}, {}
)  # fmt: skip
AFFINITY = _type(
    "affinity", "nodeAffinity",
    {"podAffinity": "pods nearby are not simulated", "podAntiAffinity": "pods nearby are not simulated"}, {},
)  # fmt: skip
POD_SPEC = _type(
    "a pod spec", "containers initContainers nodeSelector affinity tolerations resources overhead volumes",
    {
        "activeDeadlineSeconds": _KILLS,
        "hostNetwork": "ports of the host are not simulated",
        "nodeName": "the policy chooses the node",
        "preemptionPolicy": _PREEMPTION,
        "priority": _PREEMPTION,
        "priorityClassName": _PREEMPTION,
        "resourceClaims": "devices that are claimed are not simulated",
        "runtimeClassName": "what a RuntimeClass adds to a pod is not in this file",
        "schedulerName": _SCHEDULER,
        "schedulingGates": "pods are taken to be free to start",
        "schedulingGroup": "pods are placed one by one",
        "topologySpreadConstraints": "pods nearby are not simulated",
        "workloadRef": "pods are placed one by one",
    },
    {
        _RIGHTS: "serviceAccount serviceAccountName automountServiceAccountToken imagePullSecrets securityContext hostUsers",
        _NETWORK: "dnsConfig dnsPolicy enableServiceLinks hostAliases hostname hostnameOverride setHostnameAsFQDN subdomain",
        _INSIDE: "hostIPC hostPID shareProcessNamespace os readinessGates restartPolicy terminationGracePeriodSeconds",
        "they come later, and ask for nothing": "ephemeralContainers",
        "evictions are not simulated": "evictionResponders",
    },
)  # fmt: skip
