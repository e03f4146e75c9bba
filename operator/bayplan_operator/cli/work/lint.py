"""`bayplan lint`: what is wrong in files, without a cluster."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bayplan_operator import names
from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.cli.lint import LintOptions
from bayplan_operator.cli.terminal import output
from bayplan_operator.workflows import failures, graphs, nodes
from bayplan_operator.workflows.checks.kinds import OtherObjects
from bayplan_operator.workflows.documents import Document, Findings, documents, files
from bayplan_operator.workflows.files.findings import Finding, lines, name
from bayplan_operator.workflows.traces import is_trace, read_trace


@dataclass(slots=True)
class _Checked:
    """What was looked at."""

    findings: Findings = field(default_factory=Findings)
    workload: graphs.Workload = field(default_factory=graphs.Workload)
    files: list[Path] = field(default_factory=list)
    others: OtherObjects = field(init=False)

    def __post_init__(self) -> None:
        """What admission goes by counts for the graphs that come after it."""
        self.others = OtherObjects({**graphs.KINDS, **nodes.KINDS}, admission=self.workload.admission)


def run(options: LintOptions) -> int:
    """Answers the exit code."""
    checked = _Checked()
    for path in options.file:
        with checked.findings.gathered():
            for file in files(path, recursive=options.recursive):
                checked.files.append(file)
                _check(file, checked)
    output.warn([*checked.workload.left_out, *checked.others.sentences()])
    found = checked.findings.in_order()
    count = f"{len(found)} problem{'s' if len(found) > 1 else ''}" if found else "no problems"
    total = f"{count} in {len(checked.files)} file{'' if len(checked.files) == 1 else 's'}"
    figures = {"files": len(checked.files), "problems": [_record(each) for each in found]}
    output.print_figures(figures, options.output, lambda screen: "\n".join([*lines(found, _line), total]))
    return ExitCode.USAGE if found else ExitCode.DONE


def _check(file: Path, checked: _Checked) -> None:
    if is_trace(file):
        checked.workload.left_out += read_trace(file).left_out
        return
    for document in documents(file, checked.findings):
        with checked.findings.gathered():
            if checked.others.take(document):
                continue
            if nodes.hold_nodes(document):
                nodes.take(document)
            elif failures.hold_failures(document):
                failures.failures_of(document)
            else:
                graphs.take(checked.workload, document)
        with checked.findings.gathered():
            _check_name(document)


def _check_name(document: Document) -> None:
    """Other commands do without a name, an API server does not."""
    metadata = document.value.get("metadata")
    ours = document.value.get("kind") in (names.TASK_GRAPH, names.PLACEMENT_POLICY)
    if ours and isinstance(metadata, dict) and not (metadata.get("name") or metadata.get("generateName")):
        raise document.fault("metadata.name is missing: an API server refuses an object without a name", "metadata")


def _line(finding: Finding) -> str:
    """As compilers write it, so that editors find the place."""
    where = [str(each) for each in (finding.line, finding.column) if each is not None]
    return ": ".join(filter(None, (":".join([name(finding.path), *where]) if finding.path else "", finding.sentence)))


def _record(finding: Finding) -> dict[str, Any]:
    return {
        "file": name(finding.path) if finding.path else None,
        "line": finding.line,
        "column": finding.column,
        "field": finding.place or None,
        "message": finding.sentence,
    }
