"""Files of other formats, which are refused by what they are."""

import re
from pathlib import Path

FORMATS = (
    "files that are read hold TaskGraphs, PlacementPolicies, Argo Workflows or WfCommons instances, in YAML or JSON, or are "
    "traces of jobs (.swf, .csv)"
)

_SWF_FIELDS = 18
"""Fields of a job in the Standard Workload Format, all of them numbers
(https://www.cs.huji.ac.il/labs/parallel/workload/swf.html)."""
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_MOST = 100
"""Lines that are looked at."""


def foreign(path: Path, text: str) -> str | None:
    """A sentence on what the file is instead, and what is read; None: it is of no format that is known here."""
    lines = [line.strip() for line in text.splitlines()[:_MOST]]
    if _is_swf([line for line in lines if line and not line.startswith(";")]):
        return "this is a trace in the Standard Workload Format: save it with a name that ends in .swf, and name that file"
    if path.suffix.lower() == ".tsv":
        return f"this is a trace in tab-separated values, which cannot be read; {FORMATS}"
    return None


def _is_swf(lines: list[str]) -> bool:
    jobs = [line.split() for line in lines]
    return bool(jobs) and all(len(job) == _SWF_FIELDS and all(map(_NUMBER.fullmatch, job)) for job in jobs)
