"""What the work of a stage has cost, whenever it was done."""

from collections.abc import Iterable
from typing import Any

from ethocache.common.store import Entry

REVISION = 1  # raise it when the same entries would give other costs


def total_cost(entries: Iterable[Entry]) -> dict[str, Any]:
    """Add up what the entries recorded when they were made.

    Two videos with the same content share an entry, which counts once. An entry that was taken from
    the store counts with the seconds it took at the time, so the total says what the result costs,
    not how lucky this run was. Where a killed run was resumed (``resumed_at`` frames were done), the
    seconds are those after the kill, and the rate is that of the frames done in them.

    Returns
    -------
    dict
        frames, seconds, frames_per_second, bytes, peak_memory_mb (the highest) and device.
    """
    facts = [(entry.facts, entry.bytes) for entry in {entry.folder: entry for entry in entries}.values()]
    seconds = sum(float(fact["seconds"]) for fact, _ in facts)
    frames = sum(int(fact["frames"]) for fact, _ in facts)
    timed = frames - sum(int(fact.get("resumed_at", 0)) for fact, _ in facts)
    return {
        "frames": frames,
        "seconds": round(seconds, 2),
        "frames_per_second": round(timed / seconds, 1) if seconds else 0.0,
        "bytes": sum(size for _, size in facts),
        "peak_memory_mb": max((float(fact["peak_memory_mb"]) for fact, _ in facts), default=0.0),
        "device": ", ".join(sorted({str(fact["device"]) for fact, _ in facts})),
    }
