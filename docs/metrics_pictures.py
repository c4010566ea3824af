"""Draw the pictures of docs/metrics.md; the numbers in them are computed from what is drawn.

Run `uv run python docs/metrics_pictures.py` to write docs/metrics/*.svg.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from drawing import BAD, CELL, GOOD, GREY, INK, LABELLED, LEFT, MISSED, PALE, TAGGED, Picture, mask, signed

from ethocache.scoring import frames
from ethocache.scoring.agreement import agreement
from ethocache.scoring.bouts import bout_counts, bout_f1, edit_score
from ethocache.scoring.edges import TOLERANCE_S, bounds_s, edge_errors_s
from ethocache.scoring.intervals import score_interval
from ethocache.scoring.ranking import average_precision, precision_recall_curve


def by_frames() -> Picture:
    """Prevalence, precision, recall and F1 of one strip."""
    labelled = "....########..........######............"
    tagged__ = "......########........####....#####....."
    counts = frames.frame_counts(*(np.array(mask(marks)) for marks in (labelled, tagged__)))
    tp, fp, fn, tn = counts.astype(int)
    picture = Picture(
        640, 220, "Precision is the share of tagged frames that are right, recall the share of labelled frames that are found"
    )
    picture.strip(20, "labelled", labelled, {"#": LABELLED})
    picture.strip(46, "tagged", tagged__, {"#": TAGGED})
    verdict = "".join({"##": "+", ".#": "x", "#.": "o"}.get(a + b, ".") for a, b in zip(labelled, tagged__, strict=True))
    picture.strip(76, "so it is", verdict, {"+": GOOD, "x": BAD, "o": MISSED})
    for x, colour, words in (
        (LEFT, GOOD, f"right: {tp}"),
        (250, BAD, f"false alarm: {fp}"),
        (400, MISSED, f"missed: {fn}"),
        (520, PALE, f"left alone: {tn}"),
    ):
        picture.box(x, 108, 12, 12, colour)
        picture.words(x + 18, 119, words)
    picture.words(LEFT, 150, f"prevalence: {tp + fn} of all {len(labelled)} frames show it = {float(frames.prevalence(counts)):.2f}")
    picture.words(LEFT, 170, f"precision: {tp} of {tp + fp} tagged frames are right = {float(frames.precision(counts)):.2f}")
    picture.words(LEFT, 190, f"recall: {tp} of {tp + fn} labelled frames are found = {float(frames.recall(counts)):.2f}")
    picture.words(LEFT, 210, f"F1: both in one number = {float(frames.f1(counts)):.2f}")
    return picture


def average_precision_picture() -> Picture:
    """Frames by falling probability, and the curve that they make."""
    ranked = "###.##.#..#....#...."  # the likeliest first
    shown = np.array(mask(ranked))
    score = np.linspace(0.97, 0.03, len(ranked))
    curve = precision_recall_curve(score, shown)
    picture = Picture(640, 290, "Average precision is the area under the curve of precision against recall over all thresholds")
    picture.strip(20, "likeliest first", ranked, {"#": LABELLED}, cell=24)
    picture.words(LEFT, 56, "strict threshold: few tags, most of them right", 12, GREY)
    picture.words(LEFT + 480, 56, "generous: all tagged", 12, GREY, "end")
    x, y, side = LEFT, 260.0, 160.0
    picture.axes(x, y, side, "recall", "precision")
    recall, precision = np.append(0, curve.recall), np.append(1, curve.precision)
    steps = [
        (x + side * r, y - side * p) for k in range(1, len(recall)) for r, p in ((recall[k - 1], precision[k]), (recall[k], precision[k]))
    ]
    picture.area([(x, y), *steps, (x + side, y)], LABELLED)
    picture.line(steps, LABELLED, 2)
    chance = y - side * float(shown.mean())
    picture.line([(x, chance), (x + side, chance)], dashed=True)
    picture.words(x + 190, 150, f"average precision: the shaded area = {average_precision(score, shown):.2f}")
    picture.words(x + 190, 176, "one dot of the curve for each threshold:")
    picture.words(x + 190, 194, "what is found, and how much of it is right")
    picture.words(x + 190, 224, f"dashed: guessing, the prevalence = {shown.mean():.2f}", 13, GREY)
    return picture


def calibration() -> Picture:
    """A reliability diagram of five bins."""
    said, shown, many = (0.1, 0.3, 0.5, 0.7, 0.9), (0.02, 0.15, 0.45, 0.5, 0.85), (600, 120, 60, 80, 140)
    error = sum(n * abs(p - f) for p, f, n in zip(said, shown, many, strict=True)) / sum(many)
    picture = Picture(680, 260, "Calibration error is how far the probabilities are from what is then seen, averaged over frames")
    x, y, side = LEFT, 225.0, 180.0
    picture.axes(x, y, side, "probability by the model", "how many such frames show it")
    picture.line([(x, y), (x + side, y - side)], dashed=True)
    picture.line([(x + side * p, y - side * f) for p, f in zip(said, shown, strict=True)], LABELLED, 1.5)
    for p, f, n in zip(said, shown, many, strict=True):
        picture.line([(x + side * p, y - side * p), (x + side * p, y - side * f)], MISSED, 3)
        picture.dot(x + side * p, y - side * f, LABELLED, 3 + n**0.5 / 5)
    picture.words(x + 215, 75, "dashed: probabilities mean what they say")
    picture.words(x + 215, 105, "of the frames “at 70 %”, 50 % show it")
    picture.words(x + 215, 135, "red: how far off; larger dots are more frames")
    picture.words(x + 215, 165, f"calibration error: the mean over frames = {error:.2f}")
    return picture


def bout_f1_picture() -> Picture:
    """Labelled and tagged bouts, and which of them match at 10, 25 and 50 %."""
    labelled = "..########....######......########......"
    tagged__ = "...######........########.###.####..##.."
    picture = Picture(640, 210, "A tagged bout is right if it overlaps a labelled one by enough: frames in both by frames in either")
    picture.strip(20, "labelled", labelled, {"#": LABELLED})
    picture.strip(46, "tagged", tagged__, {"#": TAGGED})
    pairs = ((5.5, "6 of 8: 75 %"), (19, "3 of 11: 27 %"), (30, "4 of 8: 50 %"))
    for middle, words in pairs:
        picture.words(LEFT + middle * CELL, 86, words, 12, GREY, "middle")
    picture.words(LEFT + 37 * CELL, 86, "none", 12, GREY, "middle")
    masks = [np.array(mask(marks)) for marks in (labelled, tagged__)]
    for number, share in enumerate((10, 25, 50)):
        counts = bout_counts(*masks, share / 100)
        right, there, found = counts.astype(int)
        words = f"at {share} %: {right} of {there} labelled and {found} tagged bouts match, F1 = {float(bout_f1(counts)):.2f}"
        picture.words(LEFT, 120 + 22 * number, words)
    picture.words(LEFT, 195, "a bout torn in two matches once; its other half is a false alarm", 12, GREY)
    return picture


def edit() -> Picture:
    """The order of bouts and pauses, late and flickering."""
    labelled = "...######......#######......####........"
    tagged = {"late": ".......######.....#######......####.....", "flickers": "...##.###......##.##.#......####........"}
    masks = {name: np.array(mask(marks)) for name, marks in {"labelled": labelled, **tagged}.items()}
    looked = np.ones(len(labelled), bool)
    picture = Picture(640, 180, "The edit score compares the order of bouts and pauses, whenever they happen; flicker lowers it")
    picture.strip(20, "labelled", labelled, {"#": LABELLED})
    for row, (name, marks) in enumerate(tagged.items()):
        bouts = sum(a == "." and b == "#" for a, b in zip("." + marks, marks, strict=False))
        score = edit_score(looked, masks["labelled"], masks[name])
        picture.strip(62 + 56 * row, f"tagged, {name}", marks, {"#": TAGGED})
        words = f"{bouts} bouts and {bouts + 1} pauses, where 3 and 4 are labelled: edit = {score:.2f}"
        picture.words(LEFT, 98 + 56 * row, words, 12, GREY)
    return picture


def edges() -> Picture:
    """How early or late bouts start and end, and the tolerance around the labelled edges."""
    picture = Picture(640, 256, "A tagged bout is in time if it starts and ends near enough to the labelled one")
    tenth = 4.8  # a frame, of ten a second
    strips = {"labelled": ((10, 25, 25, 25, 15), LABELLED), "tagged": ((13, 19, 30, 33, 5), TAGGED)}
    marks = ["".join(mark * many for mark, many in zip(".#.#.", lasting, strict=True)) for lasting, _ in strips.values()]
    for row, (name, (_, colour)) in enumerate(strips.items()):
        picture.strip(45 + 30 * row, name, marks[row], {"#": colour}, cell=tenth)
    masks, edges_s = [np.array(mask(strip)) for strip in marks], np.arange(101) / 10
    later = edge_errors_s(np.ones(100, bool), *masks, edges_s)
    for starts, ends, first in zip(*later, bounds_s(masks[0], 10 * edges_s), strict=True):
        for place, late in zip(first, (starts, ends), strict=True):
            x, colour = LEFT + tenth * place, GOOD if abs(late) <= TOLERANCE_S else MISSED
            picture.box(x - 5 * tenth, 36, 10 * tenth, 66, "none", colour)
            picture.words(x, 118, f"{signed(late)} s", 12, colour, "middle")
        said, colour = ("in time", GOOD) if max(abs(starts), abs(ends)) <= TOLERANCE_S else ("not in time: it ends too late", MISSED)
        picture.words(LEFT + tenth * first.mean(), 140, said, 13, colour, "middle", True)
    picture.words(LEFT + 10 * tenth, 26, "± 0.5 s", 12, GREY, "middle")
    picture.words(20, 170, "Both tagged bouts overlap their labelled one, so both count in the medians, in time or not:", 12, GREY)
    for row, (name, values) in enumerate(zip(("onset", "offset"), later, strict=True)):
        later_by, off = " and ".join(map(signed, values)), " and ".join(f"{abs(late):.1f}" for late in values)
        bias, error, y = signed(float(np.median(values)), 2), float(np.median(abs(values))), 192 + 38 * row
        picture.words(20, y, f"{name}_error_s: how far off, whichever way: the median of {off} s = {error:.2f} s", 12)
        picture.words(20, y + 17, f"{name}_bias_s: how much later, with its sign: the median of {later_by} s = {bias} s", 12)
    return picture


def banos() -> Picture:
    """The four scores of BANOS, each on a strip of its own."""
    picture = Picture(640, 344, "BANOS asks four questions: found at all, how much of it, how well timed, and in one piece")
    asked = (
        (
            "detection",
            "####.....####.....####..",
            ".####........##...####..",
            "2 of 3 bouts are found, and 1 of 3 tagged ones is a false alarm: F1 = 0.67",
        ),
        ("overlap", "....##########..........", ".......##########.......", "7 frames in both, 13 in either: 7 / 13 = 0.54"),
        (
            "timing",
            "....##########..........",
            "......#########.........",
            "starts 0.2 s late, ends 0.1 s late (10 frames a second): 1 / (1 + 0.3) = 0.77",
        ),
        ("continuity", "....###########.........", "....####.###.##.........", "4 switches in the 10 steps of the bout: 1 − 4 / 10 = 0.60"),
    )
    for row, (name, labelled, tagged, words) in enumerate(asked):
        top = 12 + 80 * row
        picture.words(20, top + 26, name, 14, bold=True)
        picture.strip(top, "", labelled, {"#": LABELLED}, cell=20)
        picture.strip(top + 23, "", tagged, {"#": TAGGED}, cell=20)
        picture.words(LEFT, top + 58, words, 12, GREY)
    picture.words(LEFT, 334, "dark: labelled by a person · light: tagged by the model", 12, GREY)
    return picture


def amounts() -> Picture:
    """Counts and durations of videos, tagged against labelled."""
    picture = Picture(
        640, 270, "Counts and durations per video: dots on the dashed line are videos in which the tags say what the labels say"
    )
    panels = {
        "bouts in a video": ((4, 5), (6, 6), (8, 9), (10, 9), (13, 15), (15, 14)),
        "seconds in a video": ((20, 35), (31, 42), (45, 60), (52, 63), (70, 88), (82, 95)),
    }
    for number, (name, pairs) in enumerate(panels.items()):
        x, y, side, end = 90 + 300 * number, 205.0, 170.0, 1.08 * max(max(pair) for pair in pairs)
        picture.axes(x, y, side, f"{name}, labelled", "tagged")
        picture.line([(x, y), (x + side, y - side)], dashed=True)
        for labelled, tagged in pairs:
            picture.dot(x + side * labelled / end, y - side * tagged / end, (LABELLED, GOOD)[number])
        both = np.array(pairs, np.float64).T
        off, along = abs(both[0] - both[1]).mean(), np.corrcoef(both)[0, 1]
        picture.words(x - 40, y + 44, f"off by {off:.1f} {('bouts', 's')[number]} on average, correlation {along:.2f}", 12)
    picture.words(350, 266, "all too long, which a correlation alone hides", 12, MISSED)
    return picture


def intervals() -> Picture:
    """Animals drawn again and again, and where their scores lie."""
    picture = Picture(710, 280, "The interval: animals are drawn again and again with replacement, and each draw is scored")
    score = {"a": 0.92, "b": 0.85, "c": 0.60, "d": 0.88, "e": 0.78, "f": 0.71}
    rows = {"your animals": "abcdef", "draw 1": "aabdef", "draw 2": "bccdff", "draw 3": "acdeee"}
    for row, (name, animals) in enumerate(rows.items()):
        picture.words(LEFT - 8, 44 + 34 * row, name, at="end")
        for place, animal in enumerate(animals):
            picture.dot(LEFT + 14 + 32 * place, 40 + 34 * row, INK if row == 0 else TAGGED, 12)
            picture.words(LEFT + 14 + 32 * place, 44 + 34 * row, animal, 12, "white" if row == 0 else INK, "middle")
        picture.words(LEFT + 208, 44 + 34 * row, f"score {np.mean([score[animal] for animal in animals]):.2f}")
    picture.words(LEFT, 190, "… and so on, 1000 times", 12, GREY)
    drawn = np.random.default_rng(0).choice([*score.values()], (1000, 6)).mean(axis=1)
    (counts, edges_of), (low, high) = np.histogram(drawn, 22, (0.6, 0.95)), np.quantile(drawn, [0.025, 0.975])
    ends, left, wide, ground = score_interval(drawn, sum(score.values()) / 6, 6) or (low, high), 435.0, 180.0, 180.0
    for height, start in zip(130.0 * counts / counts.max(), edges_of, strict=False):
        place, colour = left + wide * (start - 0.6) / 0.35, LABELLED if low <= start <= high else TAGGED
        picture.box(place, round(ground - height, 1), 7, round(height, 1), colour)
    for (start, end), y, words in (((low, high), 188, "95 % of the draws"), (ends, 222, "the interval")):
        a, b = (round(left + wide * (place - 0.6) / 0.35, 1) for place in (start, end))
        picture.line([(a, y), (a, y + 8), (b, y + 8), (b, y)], INK, 1.5)
        picture.words(left + wide / 2, y + 24, f"{words}: {start:.2f} to {end:.2f}", 12, INK, "middle")
    picture.words(LEFT, 266, "Few animals that differ much give a wide interval, however many frames each of them has.", 12, GREY)
    return picture


def chance() -> Picture:
    """What blind systems score beside one that sees."""
    picture = Picture(680, 200, "A score means something only beside what a blind system gets")
    rows = (
        ("accuracy", "never tags anything", 0.93, 0.92, "worse than nothing"),
        ("F1", "tags every frame", 0.13, 0.55, "better than blind"),
        ("average precision", "guesses", 0.07, 0.60, "much better than blind"),
    )
    picture.words(20, 24, "grooming takes 7 % of the time", 13, GREY)
    for row, (name, blind, without, with_eyes, verdict) in enumerate(rows):
        top = 42 + 54 * row
        picture.words(LEFT + 12, top + 24, name, bold=True, at="end")
        for line, (value, colour, words) in enumerate(((without, BAD, blind), (with_eyes, LABELLED, "your system"))):
            picture.box(LEFT + 22, top + 20 * line, 200 * value, 16, colour)
            picture.words(LEFT + 30 + 200 * value, top + 13 + 20 * line, f"{value:.2f} {words}", 12)
        picture.words(510, top + 24, verdict, 12, GOOD if with_eyes > without else MISSED)
    return picture


def kappa() -> Picture:
    """Two raters of the same frames."""
    one, other = "....########........######..............", "......########......######....##........"
    both = [np.array(mask(marks), np.int8) for marks in (one, other)]
    found = agreement(*both)
    shares = [float(marks.mean()) for marks in both]
    expected = shares[0] * shares[1] + (1 - shares[0]) * (1 - shares[1])
    picture = Picture(680, 190, "Kappa is how far two people agree beyond what chance alone would give")
    picture.strip(20, "first rater", one, {"#": LABELLED})
    picture.strip(46, "second rater", other, {"#": "#88ccee"})
    alike = "".join("+" if a == b else "x" for a, b in zip(one, other, strict=True))
    picture.strip(76, "they", alike, {"+": GOOD, "x": MISSED})
    picture.box(LEFT, 108, 12, 12, GOOD)
    picture.words(LEFT + 18, 119, f"agree on {found.agreed:.0%} of the frames".replace("%", " %"))
    picture.box(LEFT + 250, 108, 12, 12, MISSED)
    picture.words(LEFT + 268, 119, "disagree, mostly at the edges of bouts")
    picture.words(LEFT, 148, f"by chance, people who mark {shares[0]:.0%} and {shares[1]:.0%} agree on {expected:.0%}".replace("%", " %"))
    picture.words(LEFT, 172, f"kappa = ({found.agreed:.2f} − {expected:.2f}) / (1 − {expected:.2f}) = {found.kappa:.2f}", bold=True)
    return picture


PICTURES: dict[str, Callable[[], Picture]] = {
    "frames": by_frames,
    "average-precision": average_precision_picture,
    "calibration": calibration,
    "bout-f1": bout_f1_picture,
    "edit": edit,
    "edges": edges,
    "banos": banos,
    "amounts": amounts,
    "intervals": intervals,
    "chance": chance,
    "kappa": kappa,
}


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, paint in PICTURES.items():
        paint().save(folder / f"{name}.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("metrics"))
