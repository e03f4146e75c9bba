"""Debian's Chromium, without a display and without a network."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

PACKAGES = ("chromium",)
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=3000", "--window-size=1280,2400",
)  # fmt: skip
"""Without a sandbox: root may not have one, and it opens only pages that the tests made."""


def program() -> str | None:
    """Where it is, under one of its names; None if it is not on this machine."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def run(page: Path, folder: Path, *arguments: str) -> str:
    """What Chromium prints about a page that it opens from the file system. It writes a log of all that it asks the network."""
    path = program()
    if path is None:
        raise RuntimeError("there is no chromium on this machine")
    log = folder / "net.json"
    log.unlink(missing_ok=True)
    profile = tempfile.mkdtemp(prefix="profile-", dir=folder)
    command = [path, *_FLAGS, f"--user-data-dir={profile}", f"--log-net-log={log}", *arguments, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=True)
    return done.stdout


def asked(folder: Path) -> list[str]:
    """The addresses that the page asked for beside itself, from the log of the last run; Chromium's own requests left out."""
    log = _parsed((folder / "net.json").read_text(errors="replace"))
    started = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    found = [event.get("params", {}) for event in log["events"] if event["type"] == started]
    return [each["url"] for each in found if each.get("url") and each.get("initiator") != "not an origin"]


def _parsed(text: str) -> Any:
    """Its end is missing if Chromium was quick to leave: perhaps only the brackets, perhaps half an event."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        lines = text.rstrip().splitlines()
    try:
        return json.loads("\n".join(lines).rstrip(",") + "]}")
    except json.JSONDecodeError:
        return json.loads("\n".join(lines[:-1]).rstrip().rstrip(",") + "]}")


class Page(HTMLParser):
    """What is in a page, as the browser had it after all scripts."""

    def __init__(self, dom: str) -> None:
        super().__init__()
        self.figures: dict[str, tuple[str, str]] = {}
        """Name to exact value and shown text."""
        self.waiting: dict[str, str] = {}
        self.count: dict[str, int] = {}
        """Elements by tag and class, such as `rect.bar`."""
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self._open: str | None = None
        self.feed(dom)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found: dict[str, Any] = dict(attrs)
        self.attributes.append((tag, found))
        for each in [tag, *(f"{tag}.{name}" for name in str(found.get("class") or "").split())]:
            self.count[each] = self.count.get(each, 0) + 1
        if "data-figure" in found:
            self._open = found["data-figure"]
            self.figures[self._open] = (found["data-value"], "")
        if "data-waiting" in found:
            self.waiting[found["data-waiting"]] = found["data-value"]

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.figures[self._open] = (self.figures[self._open][0], data)
            self._open = None
