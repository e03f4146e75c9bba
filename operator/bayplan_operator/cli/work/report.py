"""`bayplan report`: a simulation as one HTML file."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bayplan_operator.cli.exit_codes import ExitCode
from bayplan_operator.cli.page import html
from bayplan_operator.cli.report import ReportOptions
from bayplan_operator.cli.terminal.compiling import kernels_told
from bayplan_operator.cli.work.simulate import simulation_of
from bayplan_operator.views.model.simulation import Simulation
from bayplan_operator.workflows import InputError


def run(options: ReportOptions) -> int:
    """Answers the exit code. Raises `InputError` and `SetupError`."""
    with kernels_told():
        if options.source is None:
            simulation = simulation_of(options, options.file or (), options.strict)
        else:
            simulation = _read(options.source)
    try:
        options.out.write_text(html(simulation, datetime.now(UTC)), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{options.out}: it cannot be written: {error.strerror}") from error
    print(options.out)
    return ExitCode.DONE


def _read(path: Path) -> Simulation:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Simulation)
    except OSError as error:
        raise InputError(f"{path}: it cannot be read: {error.strerror}") from error
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: this is not what bayplan simulate -o json prints: {error}") from error
    except msgspec.DecodeError as error:
        raise InputError(f"{path}: this is not JSON: {error}") from error
