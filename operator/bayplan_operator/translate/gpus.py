"""GPUs as extended resources, and as the single devices that the library places on.

A node offers whole GPUs by a vendor's device plugin, or shares of them as `bayplan.dev/gpu-milli`. The columns of both
resources stay what they are for kube-scheduler: sums. Which GPU a share comes from is said here.
"""

from collections.abc import Mapping

from bayplan.model.gpu import WHOLE, GpuAsk, Gpus, GpuUse
from bayplan.model.resources import Resources
from bayplan_operator import names
from bayplan_operator.translate.node_labels import gpu_memory, gpu_model

WHOLE_GPUS = ("nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915", "gpu.intel.com/xe")
"""The resources of which one unit is one GPU. Any other extended resource is a plain quantity."""

_MOST = 256
"""GPUs of one node that are told apart; where a node claims more, the others are not used."""
_SEPARATOR = ";"


def node_gpus(allocatable: Resources, labels: Mapping[str, str]) -> Gpus | None:
    """The GPUs of a node; ``None`` if it has none. Where it offers whole ones and shares, the same devices are meant."""
    count = max(_whole(allocatable), allocatable.get(names.GPU_MILLI, 0) // WHOLE)
    return Gpus(min(count, _MOST), gpu_model(labels), gpu_memory(labels)) if count > 0 else None


def gpu_ask(resources: Resources, models: tuple[str, ...] = ()) -> GpuAsk | None:
    """What a pod of ours asks, all its containers together; ``None``: no GPU. Raises ``ValueError`` where that has no sense."""
    whole, thousandths = _whole(resources), resources.get(names.GPU_MILLI, 0)
    if not whole and not thousandths:
        if models:
            raise ValueError(
                f"gpuModels is {', '.join(models)}: the pods ask for no GPU; leave it out, or ask for "
                f"{', '.join(WHOLE_GPUS)} or {names.GPU_MILLI}"
            )
        return None
    if whole and thousandths:
        asked = ", ".join(name for name in WHOLE_GPUS if resources.get(name))
        raise ValueError(
            f"the pods ask for {asked} and for {names.GPU_MILLI}: it must be one of them, whole GPUs of a device plugin or "
            "a share of one"
        )
    if thousandths > WHOLE and thousandths % WHOLE:
        raise ValueError(
            f"{names.GPU_MILLI} of the pods is {thousandths}, all containers together: above {WHOLE}, one whole GPU, it must "
            f"be a multiple of {WHOLE}"
        )
    if whole or thousandths >= WHOLE:
        return GpuAsk(whole or thousandths // WHOLE, models=models)
    return GpuAsk(1, thousandths, models)


def gpu_use(resources: Resources, devices: tuple[int, ...] = ()) -> GpuUse | None:
    """What an existing pod takes, whether or not it is ours; ``devices``: the GPUs it was placed on, where that is known.

    A request that we would refuse counts as whole GPUs. If there are more or fewer devices than the pod asks for, they
    count as not known.
    """
    whole, thousandths = _whole(resources), resources.get(names.GPU_MILLI, 0)
    if not whole and not thousandths:
        return None
    whole_only = whole > 0 or thousandths >= WHOLE
    ask = GpuAsk(whole + -(-thousandths // WHOLE)) if whole_only else GpuAsk(1, thousandths)
    return GpuUse(ask, devices if len(devices) == ask.count else ())


def write_devices(devices: tuple[int, ...]) -> str:
    """As the pod's annotation says it: `0;3`."""
    return _SEPARATOR.join(map(str, devices))


def read_devices(said: str) -> tuple[int, ...]:
    """The GPUs that an annotation names; none where it was not written by us."""
    parts = said.split(_SEPARATOR) if said else []
    if not all(part.isascii() and part.isdecimal() and len(part) <= 4 for part in parts):
        return ()
    devices = tuple(map(int, parts))
    return devices if len(set(devices)) == len(devices) else ()


def _whole(resources: Resources) -> int:
    return sum(resources.get(name, 0) for name in WHOLE_GPUS)
