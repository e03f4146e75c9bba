"""What can go wrong between here and the API server.

ApiError
├── Unreachable       no answer came; what was asked may or may not have been done
└── Refused           the API server answered with a status of 400 or more
    ├── Gone          410: the watch has to start again from a list
    ├── NotFound      404
    ├── Conflict      409: another version, another uid
    │   └── AlreadyExists
    ├── Invalid       400, 413, 422: asking again cannot help
    ├── Forbidden     401, 403: permissions, quota, admission
    └── Busy          429 and 5xx: ask again later
"""

UNAUTHORIZED = 401
"""The status of an answer to a caller that the API server does not know."""


class ApiError(Exception):
    """The base of all of them."""


class Fenced(Exception):
    """It was not sent: this process may not write any more. No ``ApiError``, of which callers make something of their own."""


class Unreachable(ApiError):
    """No answer came."""


class Refused(ApiError):
    """The API server said no."""

    def __init__(self, status: int, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after
        """Seconds that the API server asked to wait, if it did."""


class Gone(Refused):
    """410."""


class NotFound(Refused):
    """404."""


class Conflict(Refused):
    """409."""


class AlreadyExists(Conflict):
    """409 with reason AlreadyExists."""


class Invalid(Refused):
    """400, 413 or 422."""


class Forbidden(Refused):
    """401 or 403."""


class Busy(Refused):
    """429 or 5xx."""


def denied(error: Refused) -> bool:
    """A webhook or a ValidatingAdmissionPolicy said no, with whatever status: it may think otherwise later."""
    return "denied the request" in error.message or "denied request: " in error.message


_BY_STATUS: dict[int, type[Refused]] = {
    400: Invalid,
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: Invalid,
    422: Invalid,
    429: Busy,
}


def refusal(status: int, reason: str, message: str, retry_after: float | None) -> Refused:
    """The error that an answer stands for."""
    if status == 409 and reason == "AlreadyExists":
        return AlreadyExists(status, message, retry_after)
    kind = _BY_STATUS.get(status, Busy if status >= 500 else Refused)
    return kind(status, message, retry_after)
