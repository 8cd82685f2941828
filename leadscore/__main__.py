"""Run the command line with ``python -m leadscore``."""

import sys

from leadscore.cli import main

if __name__ == "__main__":
    sys.exit(main())
