"""Tag the videos that have no labels."""

from pathlib import Path

from ethocache.common.batch import for_each
from ethocache.common.files import fill_folder, read_json
from ethocache.common.stage import run_stage
from ethocache.common.store import find_store
from ethocache.dataset.index import read_index
from ethocache.sequence.tagging import Tagger


def predict() -> str:
    head, backbone = (read_json(Path(f"data/recipes/{name}.json"))["name"] for name in ("head", "backbone"))
    store = find_store()
    tagger = Tagger(Path("models") / head, Path("data/features") / backbone, store)
    videos = [record.id for record in read_index(Path("data/index.json")) if not Path(f"data/labels/{record.id}.json").exists()]
    entries = dict(zip(videos, for_each(videos, tagger.keep_tags), strict=True))
    for folder, file in ((Path("data/tags"), "tags.csv"), (Path("data/bouts"), "bouts.csv")):
        fill_folder(folder, {f"{video}.csv": entry.path(file) for video, entry in entries.items()})
    return f"{len(videos)} videos without labels, {store.made} tagged now"


if __name__ == "__main__":
    run_stage(predict)
