"""Tasks of 3, 2, 3, 1, 2 and 2 units come one by one, for resources of capacity 10, 8 and 6.

Greedy, least loaded: each goes where the share in use is smallest with it there. The loads end at 5/10, 5/8 and 3/6.

The solution, in the library's terms, is `bayplan.cases.least_loaded`; `bayplan case least-loaded` runs it too.
"""

from bayplan.cases.least_loaded import report

if __name__ == "__main__":
    print(report())
