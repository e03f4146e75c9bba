"""The operator: translates between Kubernetes and the library, and acts. It holds no placement rule of its own."""

import os

# Read when numpy and scipy are loaded, which comes later. The matrices here are small: on a busy machine the threads wait for
# each other's turn, and then the exponential of a 4 x 4 matrix takes milliseconds in place of 30 microseconds.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
