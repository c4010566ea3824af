"""Score the predictions, each made by a model that never saw the animal."""

from pathlib import Path

from ethocache.common.files import write_json
from ethocache.common.params import read_section
from ethocache.common.stage import run_stage
from ethocache.dataset.labels import raters_of
from ethocache.dataset.predictions import read_prediction
from ethocache.dataset.training_curves import read_curves
from ethocache.scoring.people import compare_people
from ethocache.scoring.plots import write_plots
from ethocache.scoring.settings import EvaluateParams
from ethocache.scoring.summary import in_words, score

PARAMS = Path("params.yaml")


def evaluate() -> str:
    params = read_section(PARAMS, "evaluate", EvaluateParams)
    predictions = [read_prediction(path) for path in sorted(Path("data/predictions").glob("*.h5"))]
    metrics = score(predictions, params)
    people = compare_people(predictions, raters_of(Path("data/labels"), [prediction.video for prediction in predictions]))
    write_json(Path("metrics/metrics.json"), metrics)
    write_json(Path("metrics/people.json"), people)
    write_plots(predictions, metrics, Path("plots"), read_curves(Path("data/curves/training.csv")))
    return in_words(metrics, people)


if __name__ == "__main__":
    run_stage(evaluate)
