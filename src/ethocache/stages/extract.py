"""Turn every frame into numbers: crops through the frozen network, tracks into posture and movement."""

from pathlib import Path

from ethocache.common.compute import make_all
from ethocache.common.cost import total_cost
from ethocache.common.files import fill_folder, read_json, write_json
from ethocache.common.params import read_section
from ethocache.common.stage import run_stage
from ethocache.common.store import find_store
from ethocache.dataset.features import file_name
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import read_index
from ethocache.vision.embedding import ExtractParams
from ethocache.vision.streams import Inputs, compare_bodies, open_stream

PARAMS = Path("params.yaml")


def extract() -> str:
    params, store = read_section(PARAMS, "extract", ExtractParams), find_store()
    backbone = read_json(Path("data/recipes/backbone.json"))
    inputs = Inputs(DataFolder(read_section(PARAMS, "data", DataParams).dir), Path("data/crops"), Path("data/tracks"), store)
    streams = [open_stream(name, settings, params, inputs) for name, settings in backbone["streams"].items()]
    work = [(record, stream) for stream in streams for record in read_index(Path("data/index.json"))]
    entries = make_all(store, work, lambda item: item[1].job(item[0]), f"embedding ({backbone['name']})")
    notes = compare_bodies([record.id for record, _ in work], entries)
    files = {file_name(record.id, stream.name): entry.path("features.h5") for (record, stream), entry in zip(work, entries, strict=True)}
    fill_folder(Path("data/features") / backbone["name"], files)
    write_json(Path("data/cost/extract.json"), total_cost(entries))
    return f"{len(work)} feature files of {backbone['name']}, {store.made} computed now" + "".join(f"\n  note: {note}" for note in notes)


if __name__ == "__main__":
    run_stage(extract)
