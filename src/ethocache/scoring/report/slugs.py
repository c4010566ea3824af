"""Names of files for videos: safe on every system and in every address, and different for different videos."""

import re
import unicodedata
from collections.abc import Iterable

from ethocache.common.files import sha256_of

_SAFE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST = 60
_OF_WINDOWS = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


def slugs_of(videos: Iterable[str]) -> dict[str, str]:
    """Return video -> name; a plain name is kept, others lose what is unsafe and get a digest of the whole.

    The name of a video does not depend on the others, unless two names would be the same but for capital letters.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for video in videos:
        slug = _slug(video, 8)
        if slug.casefold() in taken:
            slug = _slug(video, 40, always=True)
        taken.add(slug.casefold())
        found[video] = slug
    return found


def _slug(video: str, digits: int, always: bool = False) -> str:
    if not always and _SAFE.fullmatch(video) and len(video) <= _LONGEST and video.casefold() not in _OF_WINDOWS:
        return video
    letters = unicodedata.normalize("NFKD", video).encode("ascii", "ignore").decode()
    plain = "-".join(_SAFE.findall(letters))[:_LONGEST].strip("-")
    return f"{plain or 'video'}-{sha256_of(video)[:digits]}"
