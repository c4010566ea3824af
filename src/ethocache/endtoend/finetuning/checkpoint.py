"""A fine-tuning on its way, kept so that a kill costs no more than the steps since."""

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ethocache.common.files import replacing

_FILE = "checkpoint.safetensors"


class Checkpoint:
    """One file with all tensors of a fine-tuning and where it stands; replaced at once, never half written.

    Parameters
    ----------
    folder
        Of the segments of the work, which a kill leaves in place.
    every_s
        Seconds of work between two of them.
    """

    def __init__(self, folder: Path, every_s: float) -> None:
        self.path, self._every_s = folder / _FILE, every_s
        self._last = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether so much was done since the last one that it pays to keep it."""
        return time.monotonic() - self._last >= self._every_s

    def keep(self, tensors: Mapping[str, Tensor], stands: Mapping[str, Any]) -> None:
        """Keep tensors and where the work stands (JSON)."""
        kept = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        text = json.dumps(dict(stands), allow_nan=False)
        with replacing(self.path) as temporary:
            save_file(kept, temporary, {"stands": text, "sha256": _digest(kept, text)})
        self._last = time.monotonic()

    def read(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return what was kept; None where there is nothing, or a byte of it is no longer what was written."""
        try:
            with safe_open(self.path, framework="pt") as file:
                about = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
        except (FileNotFoundError, SafetensorError):
            return None
        if about.get("sha256") != _digest(tensors, about.get("stands", "")):
            return None
        return tensors, json.loads(about["stands"])


def _digest(tensors: Mapping[str, Tensor], text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name, value in sorted(tensors.items()):
        digest.update(name.encode() + value.reshape(-1).numpy().tobytes())
    return digest.hexdigest()
