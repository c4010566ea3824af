"""Whether what the pipeline made of a video is what the settings of today ask for."""

from collections.abc import Collection

from ethocache.common.errors import InputError
from ethocache.dataset.findings import some


def check_behaviours(found: Collection[str], expected: Collection[str], video: str) -> None:
    """Check that results are of the behaviours that params.yaml asks for.

    Raises
    ------
    InputError
        If they are of others.
    """
    if found != expected:
        raise InputError(
            f"{video}: expected the behaviours of params.yaml ({some([*expected])}), found {some([*found])}; run 'dvc repro' first"
        )
