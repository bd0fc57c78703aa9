"""Run one command and print what it took as JSON; a small process, for its size is counted in.

Linux tells a process's peak memory from before it became the command, when it was a copy of the
one that started it: here a bare Python, so that less than about 10 MiB cannot be told apart.
Usage: once.py CORES LOG COMMAND [WORD...]
"""

import os
import sys
import time

cores, log, *command = sys.argv[1:]
if int(cores):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
actions = [(os.POSIX_SPAWN_DUP2, output, 1)]
environment = os.environ  # noqa: TID251  (handed on as it is)
started = time.perf_counter()
process = os.posix_spawnp(command[0], command, environment, file_actions=actions)
_, status, used = os.wait4(process, 0)
wall = time.perf_counter() - started
cpu = used.ru_utime + used.ru_stime
code = os.waitstatus_to_exitcode(status)
print(f'{{"code": {code}, "wall": {wall}, "cpu": {cpu}, "memory": {used.ru_maxrss / 1024}}}')
