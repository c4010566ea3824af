"""What a comparison of groups found, and what it could not find, in lines for people."""

from collections.abc import Sequence

from ethocache.common.wording import counted
from ethocache.dataset.findings import some
from ethocache.dataset.text import shown
from ethocache.scoring.groups.animals import stem_of
from ethocache.scoring.groups.comparing import Comparison, Overall
from ethocache.scoring.groups.study import Study
from ethocache.scoring.groups.tagging_error import why_not_adjusted
from ethocache.scoring.groups.unequal_tagging import UnequalTagging, unequal_tagging

_NOTED = 3  # findings that are told one by one
_LEVEL = 0.05


def summary(study: Study) -> str:
    """Return one line: who was compared, and which differences are clear."""
    said = f"{counted(len(study.videos), 'video')} of {counted(len(study.table.animals), 'animal')}"
    if not study.pairs:
        return said
    groups = ", ".join(f"{_cell(level, group)} {len(animals)}" for level, group, animals in study.cells)
    return f"{said} in {len(study.cells)} groups ({groups}); {_found_all(study)}"


def notes(study: Study, measures: Sequence[str]) -> list[str]:
    """Return what a reader of the tables has to know: what is missing, cannot be small, or cannot be adjusted.

    Parameters
    ----------
    measures
        What was asked for.
    """
    found = {stem_of(variable.measure) for variable in study.compared}
    missing = [name for name in measures if name not in found]
    lines = [f"no {some(missing)}, as data/summary/motion.csv has none; 'dvc repro' measures it from tracks"] if missing else []
    if not any(study.design.groups):
        parts = [name for name in study.fields if name not in ("animal", "individual")]
        lines.append(f"no groups were compared; name them with {f'--by {parts[0]}' if parts else '--metadata FILE --by COLUMN'}")
    return [*lines, *_about_few_animals(study.pairs), *_about_correction(study.pairs), *_about_the_tagger(study)]


def _found_all(study: Study) -> str:
    """Tell all groups at once, and pairs where a level has only two of them."""
    at_once = {row.level for row in study.overall}
    pairs = [row for row in study.pairs if row.level not in at_once]
    return "; ".join(_found(rows) for rows in (study.overall, pairs) if rows)


def _found(rows: Sequence[Comparison] | Sequence[Overall]) -> str:
    tested = [row for row in rows if row.p_holm is not None]
    clear = sorted((row for row in tested if (row.p_holm or 0) < _LEVEL), key=lambda row: row.p or 0)
    said = "; ".join(map(_difference, clear[:_NOTED])) + (" ..." if len(clear) > _NOTED else "")
    what = "comparisons of all groups at once" if isinstance(rows[0], Overall) else "comparisons"
    return f"{len(clear)} of {len(tested)} {what} with p < .05 after Holm's correction" + (f": {said}" if clear else "")


def _difference(row: Comparison | Overall) -> str:
    name = _cell(row.level and f"{row.level}:", row.variable.behaviour, row.variable.measure)
    if isinstance(row, Overall):
        return f"{name} (p {row.p_holm:.2g})"
    return f"{name}, {shown(row.second)} minus {shown(row.first)} {row.difference.value:+.3g} (p {row.p_holm:.2g})"


def _about_few_animals(pairs: Sequence[Comparison]) -> list[str]:
    """Say where p cannot be small, be the difference as large as it may."""
    untested: dict[str, list[str]] = {}
    limited: dict[str, None] = {}
    for row in pairs:
        names, sizes = _cell(row.level and f"{row.level}:", f"{row.first} and {row.second}"), "{} against {} animals".format(*row.animals)
        if row.p_smallest is None:
            untested.setdefault(f"{names}: {sizes} cannot be tested", []).append(_cell(row.variable.behaviour, row.variable.measure))
        elif row.p_smallest > _LEVEL:
            limited[f"{names}: with {sizes} p cannot be smaller than {row.p_smallest:.2g}"] = None
    return [*(f"{line} ({some(variables)})" for line, variables in untested.items()), *limited]


def _about_correction(pairs: Sequence[Comparison]) -> list[str]:
    reachable = [row.p_smallest for row in pairs if row.p_smallest is not None]
    if not reachable or not min(reachable) <= _LEVEL < min(reachable) * len(reachable):
        return []
    return [
        f"with so few animals p is at least {min(reachable):.2g}, which times {len(reachable)} comparisons is never below .05 after "
        f"Holm's correction: before you look, decide on at most {int(_LEVEL / min(reachable))} (--measures, fewer groups)"
    ]


def _about_the_tagger(study: Study) -> list[str]:
    unequal = unequal_tagging(study.table, study.design, study.errors, study.drawing)
    more = (
        [f"and {len(unequal) - _NOTED} more such differences of the model between groups: see tagger.csv"] if len(unequal) > _NOTED else []
    )
    return [*map(_warning, unequal[:_NOTED]), *more, *_about_adjustment(study)]


def _warning(found: UnequalTagging) -> str:
    named = sorted(zip(found.values, (found.first, found.second), strict=True), reverse=True)
    (high, most), (low, least) = (
        (f"{value:.2f}".lstrip("0") if value < 1 else "1", _cell(found.level and f"{found.level}:", group)) for value, group in named
    )
    behaviour = shown(found.behaviour)
    if found.rate == "recall":
        said = f"the model finds {behaviour} in {most} better (recall {high}) than in {least} ({low})"
    else:
        said = f"the model sees {behaviour} where it is not more often in {most} (false-positive rate {high}) than in {least} ({low})"
    return f"{said}: a difference between these groups may be the model's; compare by --from labels"


def _about_adjustment(study: Study) -> list[str]:
    reasons = [(name, why_not_adjusted(error)) for name, error in study.errors.items()]
    return [f"{name}: its fraction of time is not adjusted for tagging errors: {reason}" for name, reason in reasons if reason]


def _cell(*parts: str) -> str:
    return shown(" ".join(filter(None, parts)))  # cells of a table may hold line breaks
