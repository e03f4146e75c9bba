"""From bytes to text: UTF-8, and UTF-16 as PowerShell writes it, with and without a byte order mark."""

import codecs
import json

_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class EncodingError(ValueError):
    """The message completes the sentence "<file>: ..."."""


def text_of(content: bytes) -> str:
    """The text, without its mark; line ends are as they were. Raises `EncodingError`."""
    # YAML and JSON begin with a character of ASCII, so the zero bytes at the begin tell the encoding (RFC 4627, section 3).
    encoding = json.detect_encoding(content)
    if encoding.startswith("utf-32"):
        raise EncodingError("this is UTF-32: save it as UTF-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding.startswith("utf-16"):
            raise EncodingError(f"this is UTF-16, and broken at byte {error.start}: save it as UTF-8") from error
        raise EncodingError(f"this is not text in UTF-8 (byte {error.start}): save it as UTF-8") from error
