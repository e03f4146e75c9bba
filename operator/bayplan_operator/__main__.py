"""`python -m bayplan_operator` is the `bayplan` command."""

import sys

from bayplan_operator.cli import main

sys.exit(main())
