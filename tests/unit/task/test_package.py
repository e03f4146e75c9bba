"""What `pip install bayplan-task` brings."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "task" / "bayplan_task"


def test_the_wheel_holds_the_package_and_needs_numpy_alone(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], cwd=ROOT / "task", check=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        (metadata,) = (archive.read(name) for name in archive.namelist() if name.endswith("/METADATA"))
    assert held == {f"bayplan_task/{path.name}" for path in PACKAGE.iterdir() if path.is_file()}
    needs = message_from_string(metadata.decode()).get_all("Requires-Dist")
    assert needs is not None
    assert [each.partition(">")[0] for each in needs] == ["numpy"]
