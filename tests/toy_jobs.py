"""Work whose result is known, for workers: functions of a module, so that other processes find them."""

import os
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ethocache.common.compute import Job
from ethocache.common.errors import InputError
from ethocache.common.workbench import Workbench


def squaring(number: int) -> Job:
    """A job that writes the square of a number, and fails in its own way for 3 (the user's fault) and 5 (ours)."""
    return Job(f"squaring {number}", "square", {"number": number}, partial(_square, number))


def _square(number: int, bench: Workbench) -> dict[str, Any]:
    if number == 3:
        raise InputError("3 cannot be squared: choose another number")
    (bench.output / "square.txt").write_text(str(number**2 // (5 - number)) if number == 5 else str(number**2))
    return {"pid": os.getpid()}


def dying(marks: Path, times: int) -> Job:
    """A job whose process dies `times` times before it is done."""
    return Job("dying", "dying", {"times": times}, partial(_die, marks, times))


def _die(marks: Path, times: int, bench: Workbench) -> dict[str, Any]:
    done = len(list(marks.iterdir()))
    if done < times:
        (marks / str(done)).touch()
        os._exit(1)
    (bench.output / "deaths.txt").write_text(str(done))
    return {}


def seeing(variables: tuple[str, ...], number: int) -> Job:
    """A job that writes what its process finds in its environment; it takes a moment, so that every worker gets one."""
    return Job("seeing", "environment", {"number": number}, partial(_see, variables))


def _see(variables: tuple[str, ...], bench: Workbench) -> dict[str, Any]:
    time.sleep(1)
    (bench.output / "seen.txt").write_text(" ".join(str(os.environ.get(name)) for name in variables))
    return {"pid": os.getpid()}


def long_squaring(number: int) -> Job:
    """A job as `squaring`, of one core, that is known to take long."""
    return replace(squaring(number), one_core=True)


def waiting(marks: Path) -> Job:
    """A job of one core that tells its process and then does not end."""
    return Job("waiting", "waiting", {"marks": str(marks)}, partial(_wait, marks), one_core=True)


def _wait(marks: Path, bench: Workbench) -> dict[str, Any]:
    (marks / str(os.getpid())).touch()
    time.sleep(600)
    return {}
