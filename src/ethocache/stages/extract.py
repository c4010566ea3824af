"""Embed every frame of every crop with the frozen network."""

from pathlib import Path

from ethocache.common.batch import for_each
from ethocache.common.cost import total_cost
from ethocache.common.files import fill_folder, read_json, write_json
from ethocache.common.params import read_section
from ethocache.common.stage import run_stage
from ethocache.common.store import find_store
from ethocache.dataset.features import file_name
from ethocache.vision.embedding import ExtractParams
from ethocache.vision.kept import Stream

PARAMS = Path("params.yaml")


def extract() -> str:
    params, store = read_section(PARAMS, "extract", ExtractParams), find_store()
    backbone = read_json(Path("data/recipes/backbone.json"))
    streams = [Stream(name, settings, params, store) for name, settings in backbone["streams"].items()]
    work = [(crop, stream) for stream in streams for crop in sorted(Path("data/crops").glob("*.mp4"))]
    entries = for_each(work, lambda item: item[1].keep_features(item[0]))
    files = {file_name(crop.stem, stream.name): entry.path("features.h5") for (crop, stream), entry in zip(work, entries, strict=True)}
    fill_folder(Path("data/features") / backbone["name"], files)
    write_json(Path("data/cost/extract.json"), total_cost(entries))
    return f"{len(work)} feature files of {backbone['name']}, {store.made} computed now"


if __name__ == "__main__":
    run_stage(extract)
