"""Train the head on every animal but one, for each animal, and then on all of them."""

from pathlib import Path

from ethocache.common.cost import total_cost
from ethocache.common.files import fill_folder, read_json, write_json
from ethocache.common.params import read_section
from ethocache.common.stage import run_stage
from ethocache.common.store import find_store
from ethocache.dataset.index import read_index
from ethocache.dataset.predictions import fill_predictions
from ethocache.dataset.training_curves import write_curves
from ethocache.dataset.views import stream_names
from ethocache.sequence.crossvalidation import run_training
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.labelled import labelled_videos
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.system import read_system

PARAMS = Path("params.yaml")


def train() -> str:
    params, decide, store = read_section(PARAMS, "train", TrainParams), read_section(PARAMS, "decide", DecideParams), find_store()
    head, backbone = (read_json(Path(f"data/recipes/{name}.json")) for name in ("head", "backbone"))
    streams = stream_names(backbone)
    features = Path("data/features") / backbone["name"]
    behaviours, videos = labelled_videos(Path("data/labels"), features, streams, read_index(Path("data/index.json")), store)
    result = run_training(store, videos, behaviours, read_system(head, params, decide, streams))
    fill_folder(Path("models") / head["name"], {name: result.model.path(name) for name in result.model.files})
    fill_predictions(Path("data/predictions"), result.predictions)
    write_curves(Path("data/curves/training.csv"), result.curves)
    write_json(Path("data/cost/train.json"), total_cost(result.entries))
    return f"{head['name']} on {backbone['name']}, {len(videos)} labelled videos: {result.trained} networks trained now, {result.kept} kept"


if __name__ == "__main__":
    run_stage(train)
