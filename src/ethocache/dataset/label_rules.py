"""What names and times in labels files mean: the section `labels` of params.yaml."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field, field_validator

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.params import Section
from ethocache.dataset.formats import FORMATS, Bout, Meaning, Unit
from ethocache.dataset.text import shown

AUTO = "auto"
MAJORITY, UNION, MEAN = "majority", "union", "mean"
ROLES = ("behaviour", "start", "stop", "video", "rater", "subject", "frame")
NOBODY_LOOKED = ""
"""What `Naming.says` answers for time in which nobody looked; no behaviour can be called so."""


class LabelParams(Section):
    """How labels files are read (`labels` in params.yaml).

    Attributes
    ----------
    format
        ``auto`` recognises each file by its content; a name of `FORMATS` takes all files as that.
    name
        How labels files are called: ``{video}``, perhaps with fixed text and ``{rater}``.
    columns
        Role -> header, for tables whose headers are their own; roles are those of `ROLES`.
    rename
        Name in the files -> behaviour: other spellings, other languages.
    ignore
        Behaviours in the files that are left out.
    not_scored
        Names for time in which nobody looked: its frames are neither yes nor no, for any behaviour.
    unit
        What ``start`` and ``stop`` count, in files that do not say: seconds or frames.
    subject
        Whose behaviour is read where a file tells of several animals. Where the individuals of a video are taken by themselves
        (`DataParams.individuals`): whose behaviour it is that a file tells of without naming anybody.
    subjects
        Individual of the track -> the subject that labels files call it; ``<video>.<individual>`` says so for one video alone.
    streams
        Which of several parallel streams of annotation are read; all where empty. A name of one stream alone is
        written ``S1:base`` in `rename`, `ignore` and `not_scored`.
    raters
        How several people's labels of a video become one: ``majority``, ``union``, one person's name, or ``mean``, of which the
        share of people who say yes is learned, and the majority scored.
    point_s
        Seconds that an event without duration lasts.
    overlaps
        Whether one behaviour labelled twice at a time stops the run, or the two bouts are joined.
    past_end
        Whether labels behind the last frame stop the run or are cut off.
    scored_until
        Seconds from which on nobody looked, in every video.
    unmatched
        Whether labels of a video that is not there stop the run or are left aside.
    allow_empty
        Whether a file of bouts without a bout means that nothing was shown (else it is an error).
    """

    format: str = AUTO
    name: str = "{video}"
    columns: dict[str, str] = Field(default_factory=dict)
    rename: dict[str, str] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    not_scored: tuple[str, ...] = ()
    unit: Unit | None = None
    subject: str | None = None
    subjects: dict[str, str] = Field(default_factory=dict)
    streams: tuple[str, ...] = ()
    raters: str | None = None
    point_s: float | None = Field(default=None, gt=0)
    overlaps: Literal["refuse", "join"] = "refuse"
    past_end: Literal["refuse", "clip"] = "refuse"
    scored_until: float | None = Field(default=None, gt=0)
    unmatched: Literal["refuse", "skip"] = "refuse"
    allow_empty: bool = False

    @field_validator("format")
    @classmethod
    def _is_known(cls, name: str) -> str:
        known = (AUTO, *FORMATS)
        if name not in known:
            raise ValueError(f"not a format of labels{did_you_mean(name, known) or '; known: ' + ', '.join(known)}")
        return name

    @field_validator("name")
    @classmethod
    def _names_a_video(cls, pattern: str) -> str:
        parts = re.findall(r"\{(\w*)\}", pattern)
        rest = re.sub(r"\{\w*\}", "", pattern)
        if parts.count("video") != 1 or set(parts) - {"video", "rater"} or len(parts) > 2 or "{" in rest or "}" in rest:
            raise ValueError("expected {video} once, perhaps {rater}, and fixed text, such as '{video}_labels' or '{video}_{rater}'")
        if "}{" in pattern:
            raise ValueError("expected some text between {video} and {rater}, such as '{video}_{rater}'")
        return pattern

    @field_validator("columns")
    @classmethod
    def _are_roles(cls, columns: dict[str, str]) -> dict[str, str]:
        if strange := next((role for role in columns if role not in ROLES), None):
            raise ValueError(f"'{strange}' is not a role{did_you_mean(strange, ROLES) or '; known: ' + ', '.join(ROLES)}")
        if len(set(columns.values())) < len(columns):
            raise ValueError("one column plays two roles")
        return {role: _plain(header) for role, header in columns.items()}

    @field_validator("rename")
    @classmethod
    def _one_spelling(cls, rename: dict[str, str]) -> dict[str, str]:
        return {_plain(old): new for old, new in rename.items()}

    @field_validator("subjects")
    @classmethod
    def _are_somebody(cls, subjects: dict[str, str]) -> dict[str, str]:
        if nobody := next((name for name, subject in subjects.items() if not subject.strip()), None):
            raise ValueError(f"expected the subject of '{nobody}' as labels files call it")
        return {_plain(name): _plain(subject) for name, subject in subjects.items()}

    def meaning(self, behaviours: tuple[str, ...], by_subject: bool = False) -> Meaning:
        """Return what readers need to know of the settings.

        Parameters
        ----------
        by_subject
            Whether the individuals of a video are taken by themselves.
        """
        names = (*behaviours, *self.rename, *self.ignore, *self.not_scored)
        return Meaning(
            names=frozenset(name.split(":", 1)[-1] for name in names) | frozenset(names),
            unit=self.unit,
            columns=self.columns,
            subject="" if by_subject else self.subject or "",
            streams=self.streams,
            point_s=self.point_s,
            by_subject=by_subject,
        )


@dataclass(frozen=True)
class Naming:
    """What the names in labels files mean.

    Attributes
    ----------
    behaviours
        What is tagged.
    ignore
        Names that are left out.
    not_scored
        Names of the time in which nobody looked for any behaviour.
    rename
        Name in the files -> behaviour.
    """

    behaviours: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    not_scored: tuple[str, ...] = ()
    rename: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for setting, names in (("ignore", self.ignore), ("not_scored", self.not_scored)):
            if both := sorted(set(self.behaviours) & set(names)):
                raise InputError(f"labels.{setting} and data.behaviours both name '{both[0]}'; keep it in one of them")
        if both := sorted(set(self.ignore) & set(self.not_scored)):
            raise InputError(f"labels.ignore and labels.not_scored both name '{both[0]}'; keep it in one of them")
        if both := sorted(set(self.rename) & {*self.ignore, *self.not_scored}):
            raise InputError(f"labels.rename and labels.ignore or labels.not_scored both name '{both[0]}'; keep it in one of them")
        for old, new in self.rename.items():
            if new not in self.behaviours:
                raise InputError(
                    f"labels.rename: '{old}' becomes '{new}', which is none of data.behaviours{did_you_mean(new, self.behaviours)}"
                )

    def says(self, name: str, place: str, stream: str = "") -> str | None:
        """Return the behaviour that a name means, `NOBODY_LOOKED`, or None where it is to be left out.

        Raises
        ------
        InputError
            If nobody has said what the name means.
        """
        for spelling in (f"{stream}:{name}", name) if stream else (name,):
            if spelling in self.rename:
                return self.rename[spelling]
            if spelling in self.behaviours:
                return spelling
            if spelling in self.not_scored:
                return NOBODY_LOOKED
            if spelling in self.ignore:
                return None
        hint = did_you_mean(name, (*self.behaviours, *self.not_scored, *self.ignore)) or "."
        remedy = "Correct it, or add it to data.behaviours, labels.rename or labels.ignore"
        raise InputError(f"{place}: '{shown(name)}' is none of data.behaviours{hint} {remedy}")

    def says_of(self, bout: Bout) -> str | None:
        """Return what a bout's name means; see `says`."""
        return self.says(bout.behaviour, f"line {bout.line}", bout.stream)


def naming(params: LabelParams, behaviours: tuple[str, ...]) -> Naming:
    """Return what names mean under these settings."""
    return Naming(behaviours, params.ignore, params.not_scored, params.rename)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip())
