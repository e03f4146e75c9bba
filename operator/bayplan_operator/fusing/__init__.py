"""Fusing files: models and outputs read and written in chunks, as a command and as the task of a graph.

formats/ (npy, npz, safetensors, JSON; every file is checked first) ─▶ files ─▶ running ─▶ task (the environment of a container)
What is computed is in the library; whatever is wrong is a `FusionError` of one sentence, which begins with the file.
"""
