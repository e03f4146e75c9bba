"""Reading data files of benchmarks: one clear sentence for whatever is wrong, with the place in the file."""

from pathlib import Path


class DataError(ValueError):
    """A file is missing, or something in it is wrong; the message names the file and the place."""


def text_of(path: Path) -> str:
    """The whole file. Raises `DataError`."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def files_of(folder: Path, ending: str) -> list[Path]:
    """The files of a folder with that ending, by name. Raises `DataError` where there are none."""
    try:
        found = sorted(path for path in folder.iterdir() if path.name.endswith(ending))
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error}") from error
    if not found:
        raise DataError(f"{folder} holds no file whose name ends with {ending}")
    return found


def whole(text: str, what: str, where: str) -> int:
    """A whole number, 0 or above. Raises `DataError`."""
    if not text.strip().isdecimal():
        raise DataError(f'{where}: {what} is "{text.strip()}": it must be a whole number, 0 or above')
    return int(text)


def number(text: str, what: str, where: str) -> float:
    """A finite number, 0 or above. Raises `DataError`."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise DataError(f'{where}: {what} is "{text.strip()}": it must be a finite number, 0 or above')
    return value
