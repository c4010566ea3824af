"""Look at the videos, tracks and labels, and check every setting before anything is computed."""

from pathlib import Path

from ethocache.common.files import write_json
from ethocache.common.stage import run_stage
from ethocache.common.store import find_store
from ethocache.dataset.folder import DataFolder, refuse_results_folder
from ethocache.dataset.index import findings, index_videos, match_labels, write_index
from ethocache.dataset.snapshot import snapshot_labels, summary
from ethocache.endtoend.project import read_project
from ethocache.vision.embedding import weights_sources

RESULTS = (  # of all stages, the later ones too
    "data/labels data/recipes data/tracks data/crops data/features data/predictions data/tags data/bouts data/cost models plots metrics"
).split()


def index() -> str:
    project = read_project(Path("params.yaml"))
    folder, store = DataFolder(project.data.dir), find_store()
    refuse_results_folder(project.data.dir, [*map(Path, RESULTS), store.root])
    records = index_videos(folder, project.data, with_tracks=project.track.source == "files", store=store)
    labels = match_labels(records, folder.files(project.data.labels))
    snapshot_labels(Path("data/labels"), records, labels, folder, project.data.behaviours, project.labels, store)
    write_index(Path("data/index.json"), records)
    sources = weights_sources(project.backbone["streams"], store)
    write_json(Path("data/recipes/backbone.json"), project.backbone | {"sources": sources})
    write_json(Path("data/recipes/head.json"), project.head)
    return summary(records, len(labels), findings(records, project.data))


run_stage(index)
