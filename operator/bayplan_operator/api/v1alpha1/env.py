"""Environment variables, and how many of them a container is given."""

from __future__ import annotations

from pydantic import Field

from .common import Model
from .scalars import EnvName, Text

MAX_ARGS = 256
MAX_ENV = 256


class EnvVar(Model):
    """An environment variable with a plain value."""

    name: EnvName = Field(description="Name of the environment variable.")
    value: Text = Field(
        default="",
        description="Its value. For values from Secrets or ConfigMaps, use env of the template's container.",
    )
