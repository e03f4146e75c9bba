"""`--output`, the same for all commands."""

from typing import Literal

from bayplan_operator.cli.options.declared import option

Output = Literal["text", "wide", "json", "yaml"]
OUTPUT = option("--output", "-o", text="wide: text with more columns; json, yaml: all figures for programs (default: text)")
