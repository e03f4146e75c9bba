"""A gang: members train one model data-parallel, as equal parts of each batch, and add their gradients over sockets.

Rank 0 listens on MASTER_PORT; the others find it at MASTER_ADDR. A member that loses another ends with an error, so that the
gang starts again together: from the checkpoint of the last whole epoch. With the same number of members, the result is the
same to the last bit as without the interruption.
"""

import socket
import time
from collections.abc import Sequence

import numpy as np

from bayplan_task import TaskError, Unit, run
from examples.collaboration import digits, models
from examples.collaboration.models import Array
from examples.collaboration.settings import seed, whole

WAIT = 60.0
"""Seconds for the rendezvous, and for each answer of another member."""


class Gang:
    """The connections between members: rank 0 holds one to each other rank, and they hold one to rank 0."""

    def __init__(self, rank: int, size: int, address: str, port: int) -> None:
        self.rank, self.size = rank, size
        self._others = ([] if size == 1 else _accepted(size, port)) if rank == 0 else [_connected(rank, address, port)]

    def sum(self, values: Array) -> Array:
        """The sum over all ranks, added in their order, so that it is the same on every rank and in every run."""
        if self.rank == 0:
            total = values.copy()
            for other in self._others:
                total += _received(other, values)
            self.share(total)
            return total
        self._others[0].sendall(values.tobytes())
        return _received(self._others[0], values)

    def share(self, values: Array) -> Array:
        """Rank 0's values, on every rank."""
        if self.rank > 0:
            return _received(self._others[0], values)
        for other in self._others:
            other.sendall(values.tobytes())
        return values

    def close(self) -> None:
        """End all connections."""
        for other in self._others:
            other.close()


def train(unit: Unit) -> None:
    """Every member runs this."""
    epochs, batch = whole(unit, "EPOCHS", 30), 32
    part, test = digits.load()
    targets = models.one_hot(part.labels)
    model = models.mlp(seed(unit))
    names = sorted(model)
    checkpoints = unit.checkpoints(keep=2)
    port = whole(unit, "MASTER_PORT", 29500)
    gang = Gang(unit.rank, unit.world_size, unit.environment.get("MASTER_ADDR", "127.0.0.1"), port)
    latest = checkpoints.latest() if unit.rank == 0 else None
    # What rank 0 has found counts for all: another rank might see a newer file.
    done = int(gang.share(np.array([float(latest.step) if latest else 0.0]))[0])
    flat = gang.share(_flat(latest.arrays if latest else model, names))
    for epoch in range(done + 1, epochs + 1):
        order = np.random.default_rng([seed(unit), epoch]).permutation(len(part))
        for first in range(0, len(order), batch):
            rows = order[first : first + batch]
            own = rows[unit.rank :: unit.world_size]
            step = models.gradient(_named(flat, model, names), part.images[own], targets[own]) if len(own) else None
            share = _flat(step, names) * (len(own) / len(rows)) if step else np.zeros_like(flat)
            flat -= models.RATE * gang.sum(share)
        if unit.rank == 0:
            now = _named(flat, model, names)
            checkpoints.save(epoch, now)
            unit.metrics(epoch, accuracy=models.accuracy(now, test.images, test.labels))
    gang.close()
    if unit.rank == 0:
        unit.save("weights.npz", _named(flat, model, names))
    final = _named(flat, model, names)
    unit.results(accuracy=models.accuracy(final, test.images, test.labels), began=done, members=unit.world_size)


def _flat(model: models.Model, names: Sequence[str]) -> Array:
    return np.concatenate([model[name].ravel() for name in names])


def _named(flat: Array, like: models.Model, names: Sequence[str]) -> models.Model:
    parts = np.split(flat, np.cumsum([like[name].size for name in names])[:-1])
    return {name: part.reshape(like[name].shape) for name, part in zip(names, parts, strict=True)}


def _accepted(size: int, port: int) -> list[socket.socket]:
    found: dict[int, socket.socket] = {}
    with socket.create_server(("", port)) as server:
        server.settimeout(WAIT)
        while len(found) < size - 1:
            try:
                connection, _ = server.accept()
            except TimeoutError:
                raise TaskError(f"only {len(found) + 1} of {size} members were there after {WAIT:g} s") from None
            connection.settimeout(WAIT)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            found[int(_received(connection, np.zeros(1))[0])] = connection
    return [found[rank] for rank in range(1, size)]


def _connected(rank: int, address: str, port: int) -> socket.socket:
    until = time.monotonic() + WAIT
    while True:
        try:
            connection = socket.create_connection((address, port), timeout=WAIT)
            break
        except OSError as error:  # rank 0 does not listen yet, or its name is not known yet
            if time.monotonic() > until:
                raise TaskError(f"rank {rank} has not reached {address}:{port} in {WAIT:g} s: {error}") from None
            time.sleep(0.1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(np.array([float(rank)]).tobytes())
    return connection


def _received(connection: socket.socket, like: Array) -> Array:
    data = bytearray()
    while len(data) < like.nbytes:
        try:
            more = connection.recv(like.nbytes - len(data))
        except OSError as error:
            raise TaskError(f"another member of the gang does not answer: {error}") from None
        if not more:
            raise TaskError("another member of the gang has gone")
        data += more
    return np.frombuffer(bytes(data), dtype=like.dtype).reshape(like.shape).copy()


def main(unit: Unit) -> None:
    """There is one task."""
    train(unit)


if __name__ == "__main__":
    run(main)
