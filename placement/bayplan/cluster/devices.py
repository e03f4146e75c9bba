"""The GPUs of all nodes in columns: one row per node, one slot per GPU."""

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.model.gpu import WHOLE, Device, GpuAsk, Gpus, GpuUse

_NONE = Gpus(0)


class DeviceColumns:
    """How much of each GPU is free, in thousandths. Rows are those of the cluster."""

    def __init__(self) -> None:
        self.models: list[str] = [""]
        """All models that nodes have had; `model` points into it, 0 is none or unknown."""
        self._model_number = {"": 0}
        self._free = np.zeros((0, 0), np.int64)
        self._count = np.zeros(0, np.int64)
        self._model = np.zeros(0, np.int64)
        self._memory = np.zeros(0, np.int64)

    def free(self, rows: int) -> IntArray:
        """Shape (rows, slots): thousandths; 0 in slots beyond the node's GPUs."""
        return self._free[:rows]

    def count(self, rows: int) -> IntArray:
        """Shape (rows,): number of GPUs."""
        return self._count[:rows]

    def model(self, rows: int) -> IntArray:
        """Shape (rows,): number in `models`."""
        return self._model[:rows]

    def memory(self, rows: int) -> IntArray:
        """Shape (rows,): bytes of each GPU."""
        return self._memory[:rows]

    def grow(self, rows: int) -> None:
        """Have room for so many rows."""
        self._resize(max(rows, len(self._free)), self._free.shape[1])

    def set(self, row: int, gpus: Gpus | None) -> None:
        """The node of a row has these GPUs, all free."""
        gpus = gpus or _NONE
        if gpus.count > self._free.shape[1]:
            self._resize(len(self._free), gpus.count)
        self._free[row] = 0
        self._free[row, : gpus.count] = WHOLE
        self._count[row], self._memory[row] = gpus.count, gpus.memory
        number = self._model_number.setdefault(gpus.model, len(self.models))
        if number == len(self.models):
            self.models.append(gpus.model)
        self._model[row] = number

    def charge(self, row: int, use: GpuUse) -> tuple[int, ...]:
        """Take what a pod uses; answers the GPUs it is charged to.

        Where these are not known, the first that fit; if none fit, the emptiest, which are over-committed then.
        """
        count = int(self._count[row])
        devices = use.devices
        if not devices or max(devices) >= count or min(devices) < 0:
            devices = self.choose(row, use.ask) or self._emptiest(row, min(use.ask.count, count))
        self.take(row, use.ask, devices)
        return devices

    def take(self, row: int, ask: GpuAsk, devices: tuple[int, ...]) -> None:
        """The GPUs have so much less free."""
        free, asked = self._free[row], ask.thousandths
        for device in devices:
            free[device] -= asked

    def release(self, row: int, ask: GpuAsk, devices: tuple[int, ...]) -> None:
        """The opposite of `take`."""
        free, asked = self._free[row], ask.thousandths
        for device in devices:
            free[device] += asked

    def choose(self, row: int, ask: GpuAsk) -> tuple[int, ...]:
        """The first GPUs that hold the ask; none if there are not enough."""
        fitting = (self._free[row, : self._count.item(row)] >= ask.thousandths).nonzero()[0][: ask.count]
        return tuple(fitting.tolist()) if len(fitting) == ask.count else ()

    def hold(self, row: int, ask: GpuAsk, devices: tuple[int, ...]) -> bool:
        """Whether these are as many GPUs of the row as are asked for, each once, with as much free."""
        if len(devices) != ask.count or len(set(devices)) != ask.count:
            return False
        if not devices:
            return True
        if min(devices) < 0 or max(devices) >= self._count.item(row):
            return False
        free, asked = self._free[row], ask.thousandths
        return all(free.item(each) >= asked for each in devices)

    def of(self, row: int) -> list[Device]:
        """The GPUs of a row, one by one."""
        model, memory = self.models[self._model[row]], int(self._memory[row])
        free = self._free[row, : self._count[row]].tolist()
        return [Device(index, model, memory, left) for index, left in enumerate(free)]

    def _emptiest(self, row: int, count: int) -> tuple[int, ...]:
        order = np.argsort(-self._free[row, : self._count[row]], kind="stable")
        return tuple(order[:count].tolist())

    def _resize(self, rows: int, slots: int) -> None:
        free = np.zeros((rows, slots), np.int64)
        free[: self._free.shape[0], : self._free.shape[1]] = self._free
        self._free = free
        for name in ("_count", "_model", "_memory"):
            old = getattr(self, name)
            column = np.zeros(rows, np.int64)
            column[: len(old)] = old
            setattr(self, name, column)
