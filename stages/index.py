"""Look at the videos, tracks and labels, and check every setting before anything is computed."""

from pathlib import Path

from ethocache.common.files import write_json
from ethocache.common.stage import run_stage
from ethocache.common.store import find_store
from ethocache.dataset.folder import DataFolder, refuse_results_folder
from ethocache.dataset.index import findings, index_videos, match_labels, write_index
from ethocache.dataset.snapshot import snapshot_labels, summary, unseen_behaviours
from ethocache.endtoend.project import read_project
from ethocache.vision.embedding import weights_sources

DATA = ("labels", "recipes", "tracks", "crops", "features", "predictions", "tags", "bouts", "cost")
RESULTS = [*(Path("data") / name for name in DATA), Path("models"), Path("plots"), Path("metrics")]


def index() -> str:
    project = read_project(Path("params.yaml"))
    folder, store = DataFolder(project.data.dir), find_store()
    refuse_results_folder(project.data.dir, [*RESULTS, store.root])
    records = index_videos(folder, project.data, with_tracks=project.track.source == "files", store=store)
    labels = match_labels(records, folder.files(project.data.labels))
    snapshot_labels(Path("data/labels"), records, labels, folder, project.data.behaviours, project.labels, store)
    write_index(Path("data/index.json"), records)
    sources = weights_sources(project.backbone["streams"], store)
    write_json(Path("data/recipes/backbone.json"), project.backbone | {"sources": sources})
    write_json(Path("data/recipes/head.json"), project.head)
    notes = findings(records, project.data) + unseen_behaviours(Path("data/labels"), labels, project.data.behaviours)
    return summary(records, len(labels), notes)


run_stage(index)
