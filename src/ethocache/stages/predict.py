"""Tag the videos that have no labels, or labels of a part only."""

from pathlib import Path

from ethocache.common.batch import for_each
from ethocache.common.files import fill_folder, read_json
from ethocache.common.stage import run_stage
from ethocache.common.store import find_store
from ethocache.common.wording import counted
from ethocache.dataset.features import feature_files
from ethocache.dataset.index import columns_about, read_index
from ethocache.dataset.labels import needs_tags
from ethocache.dataset.summary_table import write_summary
from ethocache.dataset.tagged_video import read_tagged
from ethocache.sequence.tagging import Tagger

LABELS = Path("data/labels")
TAGS, BOUTS, SUMMARY = Path("data/tags"), Path("data/bouts"), Path("data/summary")


def predict() -> str:
    head, backbone = (read_json(Path(f"data/recipes/{name}.json"))["name"] for name in ("head", "backbone"))
    store = find_store()
    tagger, features = Tagger(Path("models") / head, store), Path("data/features") / backbone
    records = read_index(Path("data/index.json"))
    videos = [record for record in records if needs_tags(LABELS / f"{record.id}.json")]
    entries = for_each(videos, lambda video: tagger.keep_tags(feature_files(features, video.id, tagger.card.streams)))
    for folder, file in ((TAGS, "tags.csv"), (BOUTS, "bouts.csv")):
        fill_folder(folder, {f"{video.id}.csv": entry.path(file) for video, entry in zip(videos, entries, strict=True)})
    tagged = (read_tagged(TAGS / f"{video.id}.csv", video) for video in videos)
    write_summary(SUMMARY / "tagged.csv", tagged, columns_about(records), tagger.card.behaviours)
    in_part = sum((LABELS / f"{video.id}.json").is_file() for video in videos)
    labelled_in_part = f" or with labels of a part only ({in_part})" if in_part else ""
    return f"{counted(len(videos), 'video')} without labels{labelled_in_part}, {store.made} tagged now"


if __name__ == "__main__":
    run_stage(predict)
