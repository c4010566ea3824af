"""The table of rats.py over all 44 sessions: four hold-outs of a quarter, three seeds, several heads.

The sessions are dealt into four quarters by a seed of their own. Each quarter is held out once, for every head and seed, and for the
baseline. Every run is a line in a file, with the answers beside it; runs that the file already holds are not made again, so the
command may be killed and given again.
Prints a table in Markdown: means over the runs of frame F1, average precision and bout F1 (macro); what each system has over
`baseline_gb`, seeds and quarters pooled, with the 95 % bootstrap interval over sessions; and training seconds. Ends with one JSON line
that says the same.

Run it with ``uv run python benchmarks/rats_table.py SESSIONS RESULTS [--heads lstm tcn] [--seeds 3] [--logistic]``, where SESSIONS holds
``tracks/`` and ``labels/`` of all sessions, and RESULTS is a folder of its own.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rats import SCORES, read_answers
from rats_project import session_names

from ethocache.common.files import link
from ethocache.dataset.predictions import Prediction
from ethocache.scoring.comparison import paired_difference

QUARTERS, DEAL = 4, 0
BASELINE, LOGISTIC = "baseline_gb", "baseline_logistic"
RUNS = "runs.jsonl"
TITLES = {"f1": "F1", "average_precision": "AP", "bout_f1_50": "bout F1"}


@dataclass(frozen=True)
class Run:
    """One call of rats.py: a system, the quarter that is held out, and the seed."""

    system: str
    quarter: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.system}-q{self.quarter}-s{self.seed}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sessions", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--heads", nargs="+", default=["lstm"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quarters", type=int, default=QUARTERS, help="how many of the four are held out")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--logistic", action="store_true")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time; each head takes one core")
    arguments = parser.parse_args()
    systems = [BASELINE, *arguments.heads]
    deal(arguments.sessions, arguments.results)
    wanted = [Run(s, quarter, seed) for seed in range(arguments.seeds) for quarter in range(arguments.quarters) for s in systems]
    done = make_all(wanted, arguments)
    rows = {system: row(system, wanted, done, arguments.results) for system in _known(systems, arguments.logistic)}
    print(markdown(rows))
    print(json.dumps(rows))


def deal(sessions: Path, results: Path) -> None:
    """Lay links to each quarter's sessions, and to those of the other three, into folders of their own."""
    names = session_names(sessions)
    shuffled = [names[i] for i in np.random.default_rng(DEAL).permutation(len(names))]
    for quarter in range(QUARTERS):
        held_out = set(shuffled[quarter::QUARTERS])
        for path in (path for part in ("tracks", "labels") for path in sessions.glob(f"{part}/*")):
            name = path.name.split("DLC" if path.parent.name == "tracks" else "_annot")[0]
            target = results / f"q{quarter}" / ("test" if name in held_out else "train") / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                link(path.resolve(), target)


def make_all(wanted: Sequence[Run], arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Make the runs that are missing; return the result of each by its name."""
    lines = arguments.results / RUNS
    done: dict[str, dict[str, Any]] = {}
    if lines.is_file():
        done = {line["run"]: line["result"] for line in map(json.loads, lines.read_text(encoding="utf-8").splitlines())}
    with ThreadPoolExecutor(arguments.jobs) as pool:
        running = {pool.submit(make, run, arguments): run for run in wanted if run.name not in done}
        for finished in as_completed(running):
            name = running[finished].name
            done[name] = finished.result()
            with lines.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"run": name, "result": done[name]}) + "\n")
    return done


def make(run: Run, arguments: argparse.Namespace) -> dict[str, Any]:
    folder, results = arguments.results / f"q{run.quarter}", arguments.results
    command = [sys.executable, str(Path(__file__).with_name("rats.py")), "--train", str(folder / "train"), "--test", str(folder / "test")]
    command += ["--seed", str(run.seed), "--store", str(results / "store"), "--answers", str(answers_of(run, results))]
    if run.system == BASELINE:
        command += ["--baseline-only"] + ["--logistic"] * (arguments.logistic and not run.seed)  # has no seed
    else:
        command += ["--no-baseline", "--head", run.system, *(part for value in arguments.set for part in ("--set", value))]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result: dict[str, Any] = json.loads(said.splitlines()[-1])
    return result


def answers_of(run: Run, results: Path) -> Path:
    return results / "answers" / f"{run.name}.npz"


def _known(systems: Sequence[str], logistic: bool) -> list[str]:
    return [systems[0], *([LOGISTIC] if logistic else []), *systems[1:]]


def row(system: str, wanted: Iterable[Run], done: dict[str, dict[str, Any]], results: Path) -> dict[str, Any]:
    """Return a system's means, and its differences from the baseline as [difference, low, high]."""
    is_baseline = system.startswith("baseline_")
    runs = [run for run in wanted if run.system == (BASELINE if is_baseline else system)]
    if system == LOGISTIC:
        runs = [run for run in runs if not run.seed]
    blocks = [done[run.name][system] if is_baseline else done[run.name] for run in runs]
    means = {score: round(statistics.mean(block["macro"][score] for block in blocks), 3) for score in SCORES}
    differences = {} if system == BASELINE else over_baseline(system, runs, results)
    seconds = round(statistics.mean(block["train_seconds"] for block in blocks))
    return means | {"over_baseline": differences, "train_seconds": seconds, "runs": len(runs)}


def over_baseline(system: str, runs: Sequence[Run], results: Path) -> dict[str, list[float | None]]:
    """Return what the system has over the baseline; a session's answers of all seeds are drawn together."""
    theirs, ours = ([*pooled(name, runs, results)] for name in (BASELINE, system))
    differences = {score: paired_difference(theirs, ours, score)["macro"] for score in SCORES}
    return {score: [_rounded(value) for value in (one.difference, one.low, one.high)] for score, one in differences.items()}


def pooled(system: str, runs: Sequence[Run], results: Path) -> Iterator[Prediction]:
    for run in runs:
        source = replace(run, system=BASELINE) if system.startswith("baseline_") else run
        for one in read_answers(answers_of(source, results))[system]:
            yield replace(one, video=f"{one.video} seed {run.seed}")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def markdown(rows: dict[str, dict[str, Any]]) -> str:
    """Return the table."""
    head = ["system", *TITLES.values(), *(f"{title} over {BASELINE}" for title in TITLES.values()), "training s", "runs"]
    lines = [head, ["---"] * len(head)]
    for system, values in rows.items():
        over = [difference(values["over_baseline"].get(score)) for score in SCORES]
        lines.append([system, *(f"{values[score]:.3f}" for score in SCORES), *over, str(values["train_seconds"]), str(values["runs"])])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def difference(values: Sequence[float | None] | None) -> str:
    if not values or values[0] is None:
        return "-"
    low, high = values[1:]
    return f"{values[0]:+.3f}" + (f" ({low:+.3f} to {high:+.3f})" if low is not None and high is not None else "")


if __name__ == "__main__":
    main()
