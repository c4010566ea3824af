"""Which video, or which animal in one, a file or a medium is named after."""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from ethocache.common.errors import InputError
from ethocache.dataset.folder import plain_name

_SCORER = re.compile(r"(?=DLC|DeepCut)")
_FILMS = "3gp asf avi divx dv flv h264 h265 hevc m2ts m4v mjpeg mjpg mkv mov mp4 mpeg mpg mts mxf ogv seq tif tiff ts vob webm wmv"
_TABLES = "annot boris csv gz h5 json tsv txt wav xls xlsx"
_ENDINGS = frozenset(f"{_FILMS} {_TABLES}".split())
"""What videos, tracks and labels files end with, so that it is no animal's name."""


def video_of(media: str) -> str:
    """Return what a video of a labelling tool is called, without the folders and endings of the computer that it was on."""
    base = base_name(media)
    return base.rsplit(".", 1)[0] if "." in base[1:] else base


def base_name(media: str) -> str:
    """Return the last part of a path of any computer."""
    return plain_name(media.strip()).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def name_of(media: str) -> str:
    """Return what a medium is called in messages: without the ending of a file, and with all else, which may name an animal."""
    base = base_name(media)
    return video_of(media) if base.rsplit(".", 1)[-1].lower() in _ENDINGS else base


class VideoNames:
    """Finds the video that a file or a medium is named after.

    Parameters
    ----------
    videos
        Ids of all videos, or of their individuals where each is taken by itself.
    pattern
        How labels files are called, `LabelParams.name`.
    units
        Individual -> its video.
    views
        Video -> its session, after which files may be named too, and its camera; where several film a session.
    """

    def __init__(
        self, videos: Iterable[str], pattern: str, units: Mapping[str, str], views: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        self._units, self._views, self._pattern = units, views or {}, pattern
        self._split = frozenset(units.values())
        self._videos = frozenset(videos) | self._split
        self._parts = re.split(r"\{(\w+)\}", pattern)

    def find(self, file: str, media: str, alone: bool) -> tuple[str | None, str]:
        """Return the video and the rater that the file's name tells; ``(None, "")`` where there is no such video.

        Parameters
        ----------
        alone
            Whether the file is about one video only, so that its own name may say which.

        Raises
        ------
        InputError
            If the name can be read in more than one way, names a camera where the rater is due, or is not what the file says.
        """
        stem = plain_name(PurePosixPath(file).stem)
        of_file, rater = self._fit(stem, file)
        if of_file and rater:
            self._refuse_camera(file, of_file, rater)
        if not media:
            return of_file, rater
        of_media = self._of_media(media)
        if self._is_of_another_animal(media, of_media):
            return None, ""
        if alone and of_file and of_media and of_media == self._units.get(of_file):
            return of_file, rater
        of_session = self._views.get(of_media or "", ("", ""))[0]
        if alone and of_file and of_media and of_file not in (of_media, self._units.get(of_media), of_session):
            raise InputError(f"{file}: it is named after '{of_file}', but says that it is about '{of_media}'; rename it")
        return of_media or (of_file if alone else None), rater if of_file else ""

    def read(self, file: str) -> list[str]:
        """Return what videos a file's name may tell of by the pattern, whether they are there or not; the longest name first."""
        return sorted({match["video"] for match in self._matches(plain_name(PurePosixPath(file).stem))}, key=len, reverse=True)

    def by_file_name(self, media: str) -> bool:
        """Return whether only the file's own name can tell the video of a medium."""
        return self._of_media(media) is None

    def _of_media(self, media: str) -> str | None:
        name = video_of(media)
        whole = base_name(media)  # a live observation may be called "mouse1.2", which has no ending
        fits = (whole, name, _SCORER.split(name, maxsplit=1)[0], self._fit(name, media)[0])  # as it is, as a track, as a labels file
        return next((fit for fit in fits if fit in self._videos), None)

    def _is_of_another_animal(self, media: str, found: str | None) -> bool:
        """Tell whether a medium is called like an animal that is not asked for, ``cage7.mouse3``, or like a film of it alone."""
        whole = base_name(media)
        if found == whole or (found is not None and found not in self._split):
            return False
        parts = whole.split(".")
        video = next((end for end in range(len(parts) - 1, 0, -1) if ".".join(parts[:end]) in self._split), None)
        return video is not None and parts[video].lower() not in _ENDINGS

    def _fit(self, stem: str, file: str) -> tuple[str | None, str]:
        found = {(match["video"], match.groupdict().get("rater", "")) for match in self._matches(stem) if match["video"] in self._videos}
        of_sessions = {self._views[video][0] for video, _ in found if video in self._views}
        found = {(video, rater) for video, rater in found if video not in of_sessions}  # "m1_side_anna" is anna's of "m1_side"
        if len(found) > 1:
            readings = " or ".join(f"'{video}' by '{rater}'" for video, rater in sorted(found))
            raise InputError(f"{file}: labels.name can be read in more than one way, {readings}; rename the file")
        return next(iter(found), (None, ""))

    def _refuse_camera(self, file: str, video: str, rater: str) -> None:
        """Refuse a rater that is a camera, or begins or ends with one: what is called so goes by that camera's clock."""
        session = self._views[video][0] if video in self._views else video
        cameras = {camera for _, camera in self._views.values()}
        of = r"(?:{0}(?:[-_. ].*)?|.*[-_. ]{0})"
        camera = next((name for name in sorted(cameras) if re.fullmatch(of.format(re.escape(name)), rater, re.DOTALL)), None)
        if camera is None:
            return
        its_video = next((name for name, about in self._views.items() if about == (session, camera)), "")
        named = self._pattern.replace("{video}", its_video).replace("{rater}", "anna")
        remedy = f"name it after that camera's video and the rater, such as '{named}'"
        if not its_video:
            remedy = f"its video of '{session}' is not there: put that back, or rename the file"
        raise InputError(
            f"{file}: labels.name '{self._pattern}' makes it the labels of '{video}' by '{rater}', "
            f"but '{camera}' is a camera (data.views); {remedy}"
        )

    def _matches(self, stem: str) -> Iterable[re.Match[str]]:
        for length in range(1, len(stem) + 1):
            groups = {"video": rf"(?P<video>.{{{length}}})", "rater": "(?P<rater>.+)"}
            expression = "".join(groups[part] if number % 2 else re.escape(part) for number, part in enumerate(self._parts))
            if match := re.fullmatch(expression, stem, re.DOTALL):
                yield match
