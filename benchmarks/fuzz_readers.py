"""Throw damaged labels files at every reader, for minutes: none may answer with anything but labels or one clear line.

Starts from a small valid file of each format (tests/label_samples.py) and from Excel workbooks of the same tables,
damages them (bytes changed, cut, doubled, joined with others, cells replaced by what spreadsheets and people write),
recognises each and reads it with every format. What comes back must be laid over the frames of a video or refused as
`InputError` of one line. Ends with one JSON line: `seconds`, `files`, `read`, `refused`, `failures` (0 is the only good number).

Run it with ``uv run python benchmarks/fuzz_readers.py [--seconds 600] [--seed 0]``.
"""

import argparse
import io
import json
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from importlib import import_module
from pathlib import Path

import numpy as np

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, Meaning, recognise
from ethocache.dataset.labels import LabelParams, table_of

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
SAMPLES: dict[str, str] = import_module("label_samples").SAMPLES

BEHAVIOURS = ("grooming", "rearing")
TIME_S = np.arange(100) / 10
MEANINGS = [
    LabelParams(),
    LabelParams(unit="seconds", columns={"behaviour": "type", "start": "from", "stop": "to", "rater": "Experimenter", "video": "DLCFile"}),
    LabelParams(columns={"video": "clip", "behaviour": "superclass"}, unit="frames"),
    LabelParams(rename={"Rearing mig": "rearing", "Grooming": "grooming"}, not_scored=("base",), past_end="clip", allow_empty=True),
    LabelParams(subject="adult", streams=("S1",), point_s=0.5, past_end="clip"),
]
CELLS = [
    "", "x", "X", "1", "0", "-1", "1.0", "1,5", "nan", "NA", "NaN", "inf", "-5", "1e999", "1e-9", "0x10", "1_0",
    "START", "STOP", "POINT", "grooming", "Grooming ", "=1+1", "=CMD|' /C calc'!A0", '"', '""', "'", "\\",
    "../../x.avi", "C:\\x\\m1.avi", "\u00e9", "e\u0301", "\ufeff", "\u2028", "\x00", "\x85", "a" * 5000, "9" * 400,
    "2021-06-15 13:41:51", "00:01:12.5", "null", "{}", "[]", "true", "S1:", "-----", "\t", ";", "\U0001f42d",
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    result = fuzz(arguments.seconds, arguments.seed)
    print(json.dumps(result))
    sys.exit(1 if result["failures"] else 0)


def fuzz(seconds: float, seed: int) -> dict[str, float]:
    """Damage and read until the time is over; what fails is written to stderr with the bytes that did it."""
    chance, start, counts = random.Random(seed), time.monotonic(), Counter[str]()
    seeds = [text.encode() for text in SAMPLES.values()]
    seeds += [workbook for text in SAMPLES.values() if (workbook := as_workbook(text))]
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "labels.csv")
        while time.monotonic() - start < seconds:
            damaged = damage(chance.choice(seeds), seeds, chance)
            path.write_bytes(damaged)
            counts["files"] += 1
            params = chance.choice(MEANINGS)
            for name in ("", *FORMATS):
                counts[outcome(path, name, params, damaged)] += 1
    kinds = ("files", "read", "refused", "failures")
    return {"seconds": round(time.monotonic() - start, 1)} | {kind: counts[kind] for kind in kinds}


def outcome(path: Path, name: str, params: LabelParams, damaged: bytes) -> str:
    try:
        read(path, name, params.meaning(BEHAVIOURS), params)
    except InputError as error:
        if len(str(error).splitlines()) == 1:
            return "refused"
        print(f"{name}: more than one line: {error!r}\n{damaged!r}", file=sys.stderr)
        return "failures"
    except Exception:
        print(f"{name}: {traceback.format_exc()}\n{damaged!r}", file=sys.stderr)
        return "failures"
    return "read"


def read(path: Path, name: str, meaning: Meaning, params: LabelParams) -> None:
    for labels in FORMATS[name or recognise(path, meaning)].read(path, meaning):
        table, _ = table_of(labels, path.name, BEHAVIOURS, TIME_S, params)
        if table.values.shape != (len(TIME_S), len(BEHAVIOURS)):
            raise AssertionError(f"a table of {table.values.shape} for {len(TIME_S)} frames")


def damage(start: bytes, others: list[bytes], chance: random.Random) -> bytes:
    data = bytearray(start)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        data = chance.choice(DAMAGES)(data, others, chance)
    return bytes(data)


def change_bytes(data: bytearray, others: list[bytes], chance: random.Random) -> bytearray:
    for _ in range(chance.randint(1, 4)):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    return data


def cut(data: bytearray, others: list[bytes], chance: random.Random) -> bytearray:
    first, last = sorted(chance.randint(0, len(data)) for _ in range(2))
    return data[:first] if chance.random() < 0.3 else data[:first] + data[last:]


def repeat(data: bytearray, others: list[bytes], chance: random.Random) -> bytearray:
    first, last = sorted(chance.randint(0, len(data)) for _ in range(2))
    return data[:last] + data[first:last] * chance.choice((1, 1, 2, 50)) + data[last:]


def join(data: bytearray, others: list[bytes], chance: random.Random) -> bytearray:
    other = chance.choice(others)
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


def replace_cell(data: bytearray, others: list[bytes], chance: random.Random) -> bytearray:
    separators = [place for place, letter in enumerate(data) if letter in b',;\t\n:"']
    if len(separators) < 2:
        return data
    number = chance.randrange(len(separators) - 1)
    cell = chance.choice(CELLS).encode("utf-8", "surrogatepass")
    return data[: separators[number] + 1] + cell + data[separators[number + 1] :]


def swap_lines(data: bytearray, others: list[bytes], chance: random.Random) -> bytearray:
    lines = bytes(data).split(b"\n")
    one, other = (chance.randrange(len(lines)) for _ in range(2))
    lines[one], lines[other] = lines[other], lines[one]
    return bytearray(b"\n".join(lines))


def recode(data: bytearray, others: list[bytes], chance: random.Random) -> bytearray:
    text = bytes(data).decode("utf-8", "replace")
    return bytearray(text.encode(chance.choice(("utf-16", "utf-8-sig", "latin-1", "utf-16-le")), "replace"))


def separate_otherwise(data: bytearray, others: list[bytes], chance: random.Random) -> bytearray:
    return bytearray(bytes(data).replace(b",", chance.choice((b";", b"\t", b"|", b", "))))


DAMAGES = (change_bytes, cut, repeat, join, replace_cell, replace_cell, replace_cell, swap_lines, recode, separate_otherwise)


def as_workbook(text: str) -> bytes:
    """Return a table of text as an Excel workbook; nothing where the text is none."""
    from openpyxl import Workbook

    if text.startswith("{"):
        return b""
    book, separator = Workbook(), max(",;\t", key=text.splitlines()[-1].count)
    sheet = book.active
    assert sheet is not None
    for line in text.splitlines():
        sheet.append([_value(cell) for cell in line.split(separator)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _value(cell: str) -> str | float | None:
    try:
        return float(cell)
    except ValueError:
        return cell or None


if __name__ == "__main__":
    main()
