"""Put what every stage recorded of its cost into one metrics file."""

from pathlib import Path

from ethocache.common.files import read_json, write_json
from ethocache.common.stage import run_stage

COSTS = {stage: Path(f"data/cost/{stage}.json") for stage in ("crop", "extract", "train")}


def cost() -> str:
    costs = {stage: read_json(path) for stage, path in COSTS.items()}
    write_json(Path("metrics/cost.json"), costs)
    rates = ", ".join(f"{stage} {values['frames_per_second']:g} frames/s" for stage, values in costs.items())
    return f"{rates}, as measured when each was computed"


if __name__ == "__main__":
    run_stage(cost)
