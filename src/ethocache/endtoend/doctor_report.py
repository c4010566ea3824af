"""What the doctor says: a summary, the findings, and a table that stays readable with a thousand videos."""

from dataclasses import asdict
from typing import Any

from ethocache.common.wording import counted
from ethocache.endtoend.diagnosis import LEVELS, Diagnosis, Row

_FINDINGS_SHOWN = 30  # of each level
_ROWS_SHOWN = 30
_HOW_MANY = "{} more {} not shown; all are in --json"


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return all that was found, as plain values for machines."""
    return {
        "errors": diagnosis.count("error"),
        "warnings": diagnosis.count("warning"),
        "findings": [asdict(finding) for finding in diagnosis.findings],
        "videos": [asdict(row) for row in diagnosis.rows],
        "agreement": [
            {"behaviour": behaviour, "raters": list(pair), **asdict(found)}
            for behaviour, pairs in diagnosis.agreement.items()
            for pair, found in pairs.items()
        ],
    }


def in_words(diagnosis: Diagnosis) -> str:
    """Return what a person reads: the summary first, then findings with errors first, agreement, and the table."""
    parts = [_summary(diagnosis), *_findings(diagnosis), _agreement(diagnosis), _videos(diagnosis)]
    return "\n\n".join(part for part in parts if part)


def _summary(diagnosis: Diagnosis) -> str:
    rows = diagnosis.rows
    labelled = sum(bool(row.labelled_s) for row in rows)
    minutes = sum(row.duration_s for row in rows) / 60
    counts = ", ".join(f"{diagnosis.count(level)} {level}{'s' * (diagnosis.count(level) != 1)}" for level in LEVELS)
    formats = ", ".join(sorted({name for row in rows for name in row.formats})) or "none"
    return f"{counted(len(rows), 'video')} ({minutes:.1f} min), {labelled} with labels (formats: {formats}): {counts}"


def _findings(diagnosis: Diagnosis) -> list[str]:
    blocks = []
    for level in LEVELS:
        texts = [f"{level}: {finding.text}" for finding in diagnosis.findings if finding.level == level]
        more = [_HOW_MANY.format(len(texts) - _FINDINGS_SHOWN, f"{level}s")] if len(texts) > _FINDINGS_SHOWN else []
        blocks += ["\n".join([*texts[:_FINDINGS_SHOWN], *more])] if texts else []
    return blocks


def _agreement(diagnosis: Diagnosis) -> str:
    rows = [["agreement", "raters", "kappa", "frame F1", "frames"]]
    for behaviour, pairs in diagnosis.agreement.items():
        for (one, other), found in pairs.items():
            rows.append([behaviour, f"{one or '-'}, {other or '-'}", _number(found.kappa), _number(found.f1), str(found.frames)])
    return _table(rows) if len(rows) > 1 else ""


def _videos(diagnosis: Diagnosis) -> str:
    rows, behaviours = diagnosis.rows, _behaviours(diagnosis.rows)
    if not rows:
        return ""
    several = any(len(row.labelled_s) > 1 for row in rows)
    header = ["video", "frames", "fps", "seconds", "track rows", "format", *(["rater"] if several else []), *behaviours, "not scored"]
    lines = [header]
    for row in rows[:_ROWS_SHOWN]:
        about = [
            row.video,
            str(row.frames),
            f"{row.fps:g}",
            f"{row.duration_s:.1f}",
            _rows_of_track(row),
            ", ".join(sorted(set(row.formats))),
        ]
        for rater, seconds in (row.labelled_s or {"": {}}).items():
            shown = [f"{seconds[name]:.1f}" if name in seconds else "-" for name in behaviours]
            unscored = f"{row.duration_s - row.scored_s[rater]:.1f}" if rater in row.scored_s else "-"
            lines.append([*about, *([rater or "-"] if several else []), *shown, unscored])
            about = [""] * len(about)
    more = [_HOW_MANY.format(len(rows) - _ROWS_SHOWN, "videos")] if len(rows) > _ROWS_SHOWN else []
    corrected = ", before corrections" if any(row.corrections for row in rows) else ""
    return "\n".join([_table(lines), *more, f"(behaviours: seconds in which they are labelled{corrected})"])


def _behaviours(rows: list[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for seconds in row.labelled_s.values() for name in seconds))


def _rows_of_track(row: Row) -> str:
    return "-" if row.track_rows is None else str(row.track_rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _table(rows: list[list[str]]) -> str:
    """Return columns under each other: the first left, numbers right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
