"""Train the backbone's last blocks together with the head: one run of ``finetune.runs``, named by the argument."""

import sys
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.common.files import fill_folder, read_json, write_json
from ethocache.common.params import read_section
from ethocache.common.stage import run_stage
from ethocache.common.store import find_store
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import read_index
from ethocache.dataset.views import refuse_several
from ethocache.endtoend.finetuning.run import Labelled, run_finetuning
from ethocache.endtoend.finetuning.scores import in_words, scores_of
from ethocache.endtoend.finetuning.settings import FinetuneParams, place_of
from ethocache.scoring.settings import EvaluateParams
from ethocache.sequence.decision_settings import DecideParams
from ethocache.sequence.labelled import labelled_videos
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.system import read_system
from ethocache.vision.embedding import ExtractParams
from ethocache.vision.inputs import Inputs

PARAMS = Path("params.yaml")


def finetune() -> str:
    if len(sys.argv) != 2:
        raise InputError("expected the name of one run, as in: python -m ethocache.stages.finetune e2e")
    run, store = sys.argv[1], find_store()
    params = read_section(PARAMS, "finetune", FinetuneParams).of_run(run)
    train, decide = read_section(PARAMS, "train", TrainParams), read_section(PARAMS, "decide", DecideParams)
    extract, evaluate = read_section(PARAMS, "extract", ExtractParams), read_section(PARAMS, "evaluate", EvaluateParams)
    head, backbone = (read_json(Path(f"data/recipes/{name}.json")) for name in ("head", "backbone"))
    refuse_several(backbone, "fine-tuning")
    records, streams = read_index(Path("data/index.json")), tuple(backbone["streams"])
    folder = DataFolder(read_section(PARAMS, "data", DataParams).dir)
    inputs = Inputs(folder, Path("data/crops"), Path(), store)  # without tracks: what is tuned looks at pixels
    features = Path("data/features") / backbone["name"]
    behaviours, videos = labelled_videos(Path("data/labels"), features, streams, records, store)
    system, model = read_system(head, train, decide, streams), Path("models") / head["name"]
    project = Labelled(records, videos, behaviours, system, backbone["streams"], extract, inputs, model)
    done = run_finetuning(run, params, project)
    metrics = scores_of(done.tuned, done.frozen, evaluate)
    fill_folder(place_of(run), done.files)
    write_json(Path(f"metrics/finetune-{run}.json"), metrics)
    gained = any(done.fold_epochs) or not done.fold_epochs
    ends = f"best epochs {done.fold_epochs}, final {done.epochs}" + ("" if gained else ": no epoch was better than the start")
    return f"{run}, {backbone['name']} with {head['name']}: {in_words(metrics)}; {ends}"


if __name__ == "__main__":
    run_stage(finetune)
