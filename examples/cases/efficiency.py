"""Four units c1 to c4, each able to do e = 1, and two tasks that do well on different ones.

f(t1, c1) = 2, f(t1, c2) = 1.5, f(t2, c3) = 1.2, f(t2, c4) = 1.8. The largest sum of f/e has t1 on c1 and t2 on c4: 3.8.

The solution, in the library's terms, is `bayplan.cases.efficiency`; `bayplan case efficiency` runs it too.
"""

from bayplan.cases.efficiency import report

if __name__ == "__main__":
    print(report())
