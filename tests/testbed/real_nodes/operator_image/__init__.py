"""Images for tests: this machine's Python, the locked packages, and the operator or the examples of this checkout."""

from .image import EXAMPLES, OPERATOR, write_archive

__all__ = ["EXAMPLES", "OPERATOR", "write_archive"]
