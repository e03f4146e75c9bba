"""The formats of files: where each tensor lies in them, how they are read in chunks, how they are written."""
