"""The operator's image for tests: this machine's Python, the locked packages and the project's own, as they are here."""

from .image import OPERATOR, write_archive

__all__ = ["OPERATOR", "write_archive"]
