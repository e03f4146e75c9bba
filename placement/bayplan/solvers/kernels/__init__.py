"""The hot loops: compiled where numba is installed, in numpy otherwise, with the same answers."""
