"""What a person should know of the videos although every file can be read."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from ethocache.common.wording import counted
from ethocache.dataset.folder import DataParams
from ethocache.dataset.index import VideoRecord, every_view

_SAME_RATE = 0.01  # relative; cameras are never equal to the last digit
_SHORT = 0.9  # of its session, or the session of a view; one of the two ended early, or says a rate at which it was not filmed
_NEARLY_THE_SAME = 0.85  # of the letters, in order
_SHOWN = 3
_MOST_NAMES = 100  # each is compared with each; no lab scores more behaviours


def findings(records: Sequence[VideoRecord], params: DataParams, labelled: Collection[str] | None = ()) -> list[str]:
    """Return one line for each thing that may surprise: copies, odd rates and lengths of views, animals and groups.

    Parameters
    ----------
    records
        Sessions, where several cameras film one (`join_views`).
    labelled
        Ids of the videos that have labels; None where that is not known, as views could not be joined, and nothing is said of groups.
    """
    videos = list({record.video: record for record in records}.values())  # each once, however many individuals it shows
    by_all_cameras = list({record.video: record for record in every_view(records)}.values())
    lines = grouped((record.file, note) for record in by_all_cameras for note in record.facts.notes)
    if "{animal}" not in params.name:
        lines.append(f"data.name has no {{animal}}, so each of the {len(videos)} videos counts as an animal of its own")
    return [
        *lines,
        *_copies(by_all_cameras),
        *_other_rates(by_all_cameras, params.views),
        *_other_lengths(records),
        *_one_animal_in_two_groups(records),
        *([] if labelled is None else _groups_without(records, labelled)),
    ]


def not_shown(behaviours: Sequence[str], shown: Collection[str]) -> list[str]:
    """Return a line for each behaviour that no labels file shows: it would be taken as never shown, also where nobody looked."""
    remedy = "if nobody looked for it, remove it from data.behaviours"
    return [f"no labels file shows '{name}': {remedy}" for name in behaviours if name not in shown]


def spellings(names: Iterable[str], behaviours: Collection[str] = (), settled: Collection[str] = ()) -> list[str]:
    """Return a line for names in labels files that look like one behaviour spelt in two ways; the more frequent counts as right.

    Parameters
    ----------
    names
        As the files have them.
    behaviours
        `data.behaviours`.
    settled
        Names of which the settings say what they mean (`labels.rename` and the like): nobody needs to be asked.
    """
    counts = Counter(names)
    lines = []
    for one, other in combinations(sorted(name for name, _ in counts.most_common(_MOST_NAMES)), 2):
        if _nearly_the_same(one, other) and not {one, other} & set(settled):
            right, wrong = sorted((one, other), key=lambda name: (-counts[name], name not in behaviours, name))
            out = f" and take '{wrong}' out of data.behaviours" if wrong in behaviours else ""
            lines.append(
                f"'{wrong}' ({_times(counts[wrong])}) and '{right}' ({_times(counts[right])}) look like one behaviour: "
                f"if they are, set labels.rename: {{'{wrong}': '{right}'}}{out}"
            )
    return lines


def grouped(notes: Iterable[tuple[str, str]]) -> list[str]:
    """Return ``video: note`` lines; where many videos have the same note but for its numbers, one line with the first.

    Parameters
    ----------
    notes
        Video id and note, in order.
    """
    alike: dict[str, list[tuple[str, str]]] = {}
    for video, note in notes:
        alike.setdefault(re.sub(r"\d+", "#", note), []).append((video, note))
    lines = []
    for same in alike.values():
        if len(same) > 1:
            lines.append(f"{same[0][0]}: {same[0][1]}; and the like in {len(same) - 1} more ({some([video for video, _ in same[1:]])})")
        else:
            lines += [f"{video}: {note}" for video, note in same]
    return lines


def some(names: Sequence[str]) -> str:
    """Return the first few of many names, as text."""
    return ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _nearly_the_same(one: str, other: str) -> bool:
    plain = ["".join(letter for letter in name.casefold() if letter.isalnum()) for name in (one, other)]
    short, long = sorted(plain, key=len)
    if not short:
        return False
    begins = len(short) >= 4 and long.startswith(short)
    return plain[0] == plain[1] or begins or SequenceMatcher(None, plain[0], plain[1]).ratio() >= _NEARLY_THE_SAME


def _copies(records: Sequence[VideoRecord]) -> list[str]:
    same: dict[str, list[str]] = {}
    for record in records:
        same.setdefault(record.facts.fingerprint, []).append(record.file)
    return [f"{len(files)} files hold the same video: {some(files)}" for files in same.values() if len(files) > 1]


def _other_rates(records: Sequence[VideoRecord], part: str) -> list[str]:
    """Name the videos whose rate is not the usual one of their camera: often a re-encoded copy, or another camera.

    Parameters
    ----------
    part
        Which part of the videos' names is the camera (`DataParams.views`), also where they could not be joined into sessions.
    """
    of: dict[str, list[VideoRecord]] = {}
    for record in records:
        of.setdefault(record.view or record.fields.get(part, ""), []).append(record)
    return [line for camera in sorted(of) for line in _other_rates_of(of[camera], f" of camera '{camera}'" if camera else "")]


def _other_rates_of(records: Sequence[VideoRecord], whose: str) -> list[str]:
    usual = Counter(round(record.facts.fps, 2) for record in records).most_common(1)[0][0]
    other = [record for record in records if abs(record.facts.fps - usual) > _SAME_RATE * usual]
    if not other:
        return []
    rates = some([f"{record.file} ({record.facts.fps:g})" for record in other])
    return [f"{len(records) - len(other)} of {len(records)} videos{whose} have about {usual:g} frames per second, but not {rates}"]


def _other_lengths(records: Sequence[VideoRecord]) -> list[str]:
    """Name the videos that last much less or longer than the one whose frames their session has, by that one's clock where it is given."""
    short, long = list[str](), list[str]()
    for record in records:
        session_s = record.facts.duration_s
        for other in record.others:
            lasts_s = other.facts.duration_s / (other.clock.drift if other.clock else 1.0)
            kind = short if lasts_s < _SHORT * session_s else long if session_s < _SHORT * lasts_s else []
            kind.append(f"{other.file} ({lasts_s:.1f} of {session_s:.1f} s)")
    told = [
        (short, f"less than {100 * _SHORT:.0f} %", "what lacks is taken as not seen, or the frame rate that the file says is wrong"),
        (long, f"more than {100 / _SHORT:.0f} %", "what is beyond it is not used, or the frame rate that one of its files says is wrong"),
    ]
    return [
        f"{counted(len(files), 'view lasts', 'views last')} {share} of the session: {some(files)}; {why}"
        for files, share, why in told
        if files
    ]


def _one_animal_in_two_groups(records: Sequence[VideoRecord]) -> list[str]:
    genotypes: dict[str, set[str]] = {}
    for record in records:
        if "genotype" in record.fields:
            genotypes.setdefault(record.animal, set()).add(record.fields["genotype"])
    return [
        f"animal '{animal}' has genotypes {' and '.join(sorted(found))}: if these are two animals, give them two names"
        for animal, found in sorted(genotypes.items())
        if len(found) > 1
    ]


def _groups_without(records: Sequence[VideoRecord], labelled: Collection[str]) -> list[str]:
    """Name the groups that a comparison or a score cannot say anything of."""
    lines = []
    for part in (part for part in (records[0].fields if records else {}) if part != "animal"):
        animals: dict[str, set[str]] = {}
        with_labels: Counter[str] = Counter()
        for record in records:
            animals.setdefault(record.fields[part], set()).add(record.animal)
            with_labels[record.fields[part]] += record.id in labelled
        if len(animals) < 2 or len(animals) > len(records) / 2:  # nothing to compare, or no groups but names
            continue
        for group in sorted(animals):
            if len(animals[group]) == 1:
                lines.append(f"{part} '{group}' has a single animal: it cannot be compared with the others")
            elif labelled and not with_labels[group]:
                lines.append(f"no video of {part} '{group}' has labels: scores say nothing about it")
    return lines
