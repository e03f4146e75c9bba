"""The manifests of examples/collaboration, for nodes that have neither a registry nor a claim."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from ..cluster import Cluster
from ..installation import ROOT
from ..real_nodes.operator_image import EXAMPLES

Object = dict[str, Any]
FOLDER = ROOT / "examples" / "collaboration"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
SITES = ("north", "south")
"""Where the data of clients may be, by the label `site` of nodes."""
CLAIM = "workspace"
"""The claim that the manifests name."""


def read(name: str) -> Object:
    """An example's manifest as it is."""
    made: Object = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return made


def for_real_nodes(name: str, workspace: Path) -> Object:
    """An example's manifest with the image that real nodes have, and a folder of this machine in the place of the claim."""
    made = with_image(read(name), EXAMPLES)
    pod = made["spec"]["template"]["spec"]
    pod["containers"][0]["imagePullPolicy"] = "Never"
    pod["volumes"] = [{"name": CLAIM, "hostPath": {"path": str(workspace), "type": "Directory"}}]
    pod["terminationGracePeriodSeconds"] = 1
    return made


def with_image(made: Object, image: str) -> Object:
    """The same manifest with this image for the programs of its tasks."""
    made["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return made


def workspace(shared: Path, namespace: str) -> Path:
    """A new folder in the one that all nodes have, for the graphs of a namespace: any user of any pod may write there."""
    folder = shared / namespace
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


def name_sites(cluster: Cluster, nodes: Sequence[str]) -> None:
    """Say by labels that the data of some clients is on one node, and that of others on the next."""
    for index, node in enumerate(nodes):
        cluster.kubectl("label", "node", node, f"site={SITES[index % len(SITES)]}", "--overwrite")


def forget_sites(cluster: Cluster, nodes: Sequence[str]) -> None:
    """Take the labels off again."""
    for node in nodes:
        cluster.kubectl("label", "node", node, "site-")
