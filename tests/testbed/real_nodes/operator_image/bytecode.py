"""Byte code of Python modules, as the interpreter itself would keep it (PEP 552: the kind that goes by time and size)."""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
import warnings
from pathlib import Path, PurePosixPath

_HEADER = 16


def cached(module: PurePosixPath) -> PurePosixPath:
    """Where the byte code of a module lies."""
    return module.parent / "__pycache__" / f"{module.stem}.{sys.implementation.cache_tag}.pyc"


def bytecode(source: Path, content: bytes, status: os.stat_result) -> bytes | None:
    """The byte code of `source`, from beside it where that is up to date; None for what this Python cannot compile."""
    header = b"".join(
        (
            importlib.util.MAGIC_NUMBER,
            (0).to_bytes(4, "little"),
            (int(status.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little"),
            (len(content) & 0xFFFFFFFF).to_bytes(4, "little"),
        )
    )
    try:
        there = Path(cached(PurePosixPath(source))).read_bytes()
    except FileNotFoundError:
        there = b""
    if there[:_HEADER] == header:
        return there
    try:
        with warnings.catch_warnings(action="ignore"):
            code = compile(content, str(source), "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError):  # templates, and files for other versions of Python
        return None
    return header + marshal.dumps(code)
