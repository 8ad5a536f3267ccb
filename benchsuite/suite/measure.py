"""One process measured: wall time, CPU time and peak memory, its children's included."""
import ast
import os
import shutil
import subprocess
import sys

# A small process starts the one that is measured: Linux counts into the peak of a process what its parent
# had when it was started, and this suite is large. So no peak below that of this one (about 9 MB) shows.
LAUNCHER = """
import os, sys, time
began = time.monotonic()
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
wall = time.monotonic() - began
result = (wall, used.ru_utime, used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status))
os.write(int(sys.argv[1]), repr(result).encode())
"""


class Failed(Exception):
    """What was to be measured did not do its work."""


def measure(command, cwd, env, log, timeout=1800):
    """Runs `command`; its output goes to the file `log`. Seconds, and the peak in KiB."""
    program = shutil.which(command[0], path=env.get("PATH"))
    if program is None:
        raise Failed(f"no program {command[0]}")
    read, write = os.pipe()
    try:
        launch = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(write), program, *command[1:]]
        with open(log, "wb") as out:
            subprocess.run(
                launch, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                pass_fds=[write], timeout=timeout, check=True,
            )
        wall, user, system, peak, status = ast.literal_eval(os.read(read, 4096).decode())
    finally:
        os.close(read)
        os.close(write)
    if status != 0:
        with open(log, errors="replace") as out:
            raise Failed(f"{' '.join(command[:4])}: exit status {status}\n{out.read()[-2000:]}")
    return {"wall": round(wall, 4), "user": round(user, 4), "sys": round(system, 4), "peak_kib": peak}
