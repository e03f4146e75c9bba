import os
import pickle
import subprocess
import sys

import pytest

from bayplan.model.constraints import Taint, Toleration
from bayplan.model.workload import RequestClass

SAME_IN_ANOTHER_PROCESS = """
import pickle, sys
from bayplan.model.constraints import Toleration
from bayplan.model.workload import RequestClass
there = pickle.load(sys.stdin.buffer)
here = RequestClass((("cpu", 1),), tolerations=(Toleration("k", "Exists"),))
assert there == here and len({there, here}) == 1
"""


def test_equal_classes_are_one() -> None:
    made = [RequestClass((("cpu", 1000), ("pods", 1)), (("a", "b"),)) for _ in range(2)]
    assert len(set(made)) == 1
    assert made[0] != RequestClass((("cpu", 1000), ("pods", 1)))


def test_a_class_is_the_same_in_another_process() -> None:
    made = RequestClass((("cpu", 1),), tolerations=(Toleration("k", "Exists"),))
    environment = os.environ | {"PYTHONHASHSEED": "12345"}
    command = [sys.executable, "-c", SAME_IN_ANOTHER_PROCESS]
    subprocess.run(command, input=pickle.dumps(made), env=environment, check=True, timeout=60)


def test_amounts_are_checked() -> None:
    with pytest.raises(ValueError, match=r"resources\[cpu\] is -1: it must not be negative"):
        RequestClass((("cpu", -1),))
    with pytest.raises(ValueError, match="has a name more than once"):
        RequestClass((("cpu", 1), ("cpu", 2)))


def test_a_taint_reads_as_kubectl_writes_it() -> None:
    assert str(Taint("k", "v", "NoExecute")) == "k=v:NoExecute"
    assert str(Taint("k")) == "k:NoSchedule"
