"""`bayplan operator`: run the operator."""

import logging
import sys

from kubernetes.config import ConfigException

from bayplan_operator import process
from bayplan_operator.cli.operator import OperatorOptions
from bayplan_operator.cli.options.prometheus import FlagsError
from bayplan_operator.view.prometheus import QueriesError


def run(options: OperatorOptions) -> int:
    """Answers the exit code, once the operator has been stopped."""
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("kopf").setLevel(logging.WARNING)
    try:
        return process.run(options.settings())
    except (FlagsError, QueriesError) as error:
        print(f"bayplan operator: {error}", file=sys.stderr)
        return 2
    except ConfigException as error:
        print(f"bayplan: {error}", file=sys.stderr)
        return 1
