"""Which files are traces of jobs, and reading them."""

import gzip
import zlib
from pathlib import Path

from bayplan_operator.workflows.files.encoding import EncodingError, text_of
from bayplan_operator.workflows.files.findings import Finding, InputError
from bayplan_operator.workflows.traces.jobs import TraceJobs
from bayplan_operator.workflows.traces.swf import read_swf
from bayplan_operator.workflows.traces.table import read_table

_PACKED = ".gz"
_READERS = {".swf": read_swf, ".csv": read_table}


def is_trace(path: Path) -> bool:
    """By its name: `.swf` or `.csv`, packed by gzip or not."""
    return _ending(path) in _READERS


def read_trace(path: Path) -> TraceJobs:
    """The jobs of a trace. Raises `InputError` with all that is wrong."""
    return _READERS[_ending(path)](path, _text(path))


def _ending(path: Path) -> str:
    plain = path.with_suffix("") if path.suffix.lower() == _PACKED else path
    return plain.suffix.lower()


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        return text_of(gzip.decompress(content) if path.suffix.lower() == _PACKED else content)
    except EncodingError as error:
        raise InputError(Finding(str(error), path)) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(Finding("its name ends in .gz, and it is not packed by gzip, or broken", path)) from error
    except OSError as error:
        raise InputError(Finding(f"it cannot be read: {error.strerror}", path)) from error
