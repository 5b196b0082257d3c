"""What must hold before any test module is loaded."""

import os

# One thread, as the service's workers have: on small arrays more threads only cost time. A BLAS
# reads it when it is loaded, so before NumPy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
