"""What `bayplan show` says of a graph: figures made from API objects, and text made from the figures. All of it is pure.

build (attempts, waiting, bounds, usage) ─▶ model.GraphReport ─▶ text (table, gantt) or JSON
                                                   └──────────▶ progress, one line per change
"""
