"""Compiled kernels: arrays and scalars in, arrays and scalars out. The only place that names numba."""
