"""From the bytes of a file to values with places: `encoding` ─▶ `syntax` (values as kubectl reads them) and `places` (lines).

`findings` is what the readers above say where something is wrong.
"""
