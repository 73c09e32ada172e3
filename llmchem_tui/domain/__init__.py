"""The science: pure functions and frozen values, NumPy at most."""
