"""From the bytes of a file to values with places.

encoding ─▶ syntax, with scalars (values as kubectl reads them) ─▶ places (lines and columns) ─▶ text_faults (duplicate keys)
`findings` is what the readers above say where something is wrong, and `foreign` names formats that are not read.
"""
