"""Five tasks of cost 10, 20, 30, 40, 50 on five resources of capacity 2, 4, 6, 8, 10, one to each.

Task i on resource j costs cost x capacity. Task i on resource i costs 20 + 80 + 180 + 320 + 500 = 1,100. The cheapest is
the other way round, dear tasks on small resources: 700, by the rearrangement inequality.

The solution, in the library's terms, is `bayplan.cases.least_cost`; `bayplan case least-cost` runs it too.
"""

from bayplan.cases.least_cost import report

if __name__ == "__main__":
    print(report())
