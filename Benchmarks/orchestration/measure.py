"""What a command costs: wall time, the CPU time of it and of all that it started, the memory of its largest process."""

import ctypes
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

# Orphans of a measured command become this process's children, so that their CPU time is counted too.
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class CommandFailed(Exception):
    """A measured command that ended with another status than 0, with the end of what it printed."""


@dataclass
class Cost:
    wall: float
    cpu: float
    # Bytes; of the largest of its processes.
    memory: int
    output: str = ""


@dataclass
class NoResult:
    """Why a side of a comparison has no cost."""

    reason: str


def measured(command, *, folder, log, environment=None, limit=None):
    """Runs a command to its end; its `Cost`, or `NoResult` after `limit` seconds.

    Output goes to the file `log`, so that nobody waits for a reader. Raises `CommandFailed`.
    """
    with open(log, "w+b") as output:
        before = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], cwd=folder, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )
        is_late = threading.Event()

        def end():
            is_late.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(limit, end) if limit else None
        if timer:
            timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            if timer:
                timer.cancel()
        wall = time.perf_counter() - before
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu, memory = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
        for left in orphans():
            cpu += left.ru_utime + left.ru_stime
            memory = max(memory, left.ru_maxrss * 1024)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if is_late.is_set():
        return NoResult(f"more than {limit:.0f} s")
    if process.returncode:
        raise CommandFailed(f"{' '.join(map(str, command))}: status {process.returncode}\n{text[-2000:]}")
    return Cost(wall, cpu, memory, text)


def orphans(grace=10):
    """Waits for what the command left running; what does not end within `grace` seconds is killed."""
    deadline = time.monotonic() + grace
    while True:
        try:
            process, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if process:
            yield usage
        elif time.monotonic() > deadline:
            for child in children():
                os.kill(child, signal.SIGKILL)
        else:
            time.sleep(0.01)


def children():
    """The numbers of this process's children."""
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(number) for number in file.read().split()]


@dataclass
class Result:
    """One side of a comparison: the medians of its repetitions."""

    wall: float
    cpu: float
    memory: int
    repetitions: int
    costs: list

    @staticmethod
    def of(costs):
        return Result(
            statistics.median(cost.wall for cost in costs), statistics.median(cost.cpu for cost in costs),
            max(cost.memory for cost in costs), len(costs), costs,
        )


def in_turns(sides, repetitions, budget):
    """Runs every side once, then every side again, up to `repetitions` times.

    `sides` are functions by name of the tool and size that give a `Cost` or `NoResult`. A side that has taken `budget` seconds
    is not run again. Gives each side's `Result`, or why it has none.
    """
    costs = {name: [] for name in sides}
    given_up = {}
    for _ in range(repetitions):
        for name, run in sides.items():
            if name in given_up or (costs[name] and sum(cost.wall for cost in costs[name]) >= budget):
                continue
            cost = unless_it_fails(name[0], run)
            if isinstance(cost, NoResult):
                given_up[name] = cost
            else:
                costs[name].append(cost)
    return {name: given_up[name] if name in given_up else Result.of(costs[name]) for name in sides}


def unless_it_fails(tool, run):
    """A peer that cannot do what is asked is a finding; that Graft cannot is an error."""
    try:
        return run()
    except CommandFailed as error:
        if tool == "Graft":
            raise
        print(error, file=sys.stderr)
        return NoResult("failed: " + (str(error).strip().splitlines() or [""])[-1][:80])
