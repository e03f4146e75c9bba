"""Five tasks of priority 5, 3, 2, 4, 1 on nodes with room for 10, 8 and 6.

If each takes one unit, all fit: 15, all of the priority there is. If they take 7, 6, 5, 6 and 4 they compete for 24 units.

The solution, in the library's terms, is `bayplan.cases.rooms`; `bayplan case rooms` runs it too.
"""

from bayplan.cases.rooms import report

if __name__ == "__main__":
    print(report())
