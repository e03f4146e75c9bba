"""`python -m bayplan.warm`: compile all kernels now, for an image whose processes should not have to."""

import time

from bayplan.solvers.kernels.compiled import HAVE_NUMBA
from bayplan.warm import estimates, presets

begin = time.perf_counter()
for each in (presets, estimates):
    each.warm_up()
print(f"kernels {'compiled' if HAVE_NUMBA else 'in numpy, since numba is not installed'}: {time.perf_counter() - begin:.1f} s")
