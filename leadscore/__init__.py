"""Lead scoring workbench: rank the leads of a file by their chance to convert, and say why."""

import os

__version__ = "0.1.0"

# The trees' library reads this once, when it is loaded. Its threads spin while they wait by default, which makes a
# training three times as long on a machine that does anything else beside.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
