"""Where the published weights of SuperAnimal lie, and how to get them on a machine without internet."""

import importlib.util
from pathlib import Path

from ethocache.common.errors import InputError

MODELS = {"topviewmouse": ("hrnet_w32", "resnet_50"), "quadruped": ("hrnet_w32", "resnet_50", "rtmpose_s")}
"""Animal -> its pose networks, the default first."""
DETECTORS = ("fasterrcnn_resnet50_fpn_v2", "fasterrcnn_mobilenet_v3_large_fpn")
"""What finds the boxes, the default first."""

_REPOSITORIES = {
    "topviewmouse": "mwmathis/DeepLabCutModelZoo-SuperAnimal-TopViewMouse",
    "quadruped": "mwmathis/DeepLabCutModelZoo-SuperAnimal-Quadruped",
}


def weights_from_hub(animal: str, network: str, setting: str) -> Path:
    """Return the published weights of a network: from DeepLabCut's own folder, from the hub's cache, or fetched now.

    Raises
    ------
    InputError
        If they were never fetched and the hub cannot be reached.
    """
    repository, file = _REPOSITORIES[animal], f"superanimal_{animal}_{network}.pt"
    if kept := _kept(repository, file):
        return kept
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(repository, file, etag_timeout=5))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(
            f"{setting}: the weights {file} are not on this machine and cannot be downloaded ({reason}); on a machine with internet get "
            f"{constants.ENDPOINT}/{repository}/resolve/main/{file}, copy the file here, and set {setting} to its path"
        ) from None


def _kept(repository: str, file: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    package = importlib.util.find_spec("deeplabcut")  # finds it without importing it
    ours = Path(package.origin).parent / "modelzoo" / "checkpoints" / file if package and package.origin else None
    if ours and ours.is_file():
        return ours
    cached = try_to_load_from_cache(repository, file)
    return Path(cached) if isinstance(cached, str) else None
