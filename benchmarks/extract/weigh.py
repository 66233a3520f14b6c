"""Runs the command behind its own first argument and writes there what it used; small, so that it weighs nothing.

A process begins with the peak memory of the one that started it, and the benchmark itself is large.
"""

import os
import sys

_, report, *command = sys.argv
child = os.fork()
if child == 0:
    os.execvp(command[0], command)  # noqa: S606 - commands of extractors.py
_, status, usage = os.wait4(child, 0)
with open(report, "w") as file:  # noqa: PTH123 - pathlib would weigh more than this program
    file.write(f"{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss} {os.waitstatus_to_exitcode(status)}")
