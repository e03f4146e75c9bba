"""A chain T1 -> T2 -> T3 of 5, 10 and 15 seconds, due at 6, 14 and 30.

It ends at 5, 15 and 30: T2 is one second late, whatever is done, so the sum of max(end - due, 0) is 1.

The solution, in the library's terms, is `bayplan.cases.chain`; `bayplan case chain` runs it too.
"""

from bayplan.cases.chain import report

if __name__ == "__main__":
    print(report())
