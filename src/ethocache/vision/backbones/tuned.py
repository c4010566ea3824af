"""Files of fine-tuned weights say of themselves which animals they have seen, so that nobody scores these with them by mistake."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from safetensors import SafetensorError, safe_open

from ethocache.common.errors import InputError
from ethocache.common.files import canonical_json
from ethocache.vision.backbones.settings import NetworkSettings, StreamSettings

_ABOUT = "ethocache"  # the name under which a .safetensors file carries it, as text


@dataclass(frozen=True)
class Tuned:
    """What a file of fine-tuned weights says of itself.

    Attributes
    ----------
    file
        Where it was written first, below the project's folder: the name that messages give it.
    backbone, model
        The recipe that it began with, and the network's name in its library.
    animals
        Whose videos the weights were fitted on or chosen by, also those of a file that tuning began with.
    """

    file: str
    backbone: str
    model: str
    animals: tuple[str, ...]

    def metadata(self) -> dict[str, str]:
        """Return it as a .safetensors file carries it."""
        return {_ABOUT: canonical_json(asdict(self))}

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """Read it from a file's header; None of a file that says nothing, as weights from elsewhere do.

        Raises
        ------
        InputError
            If what it says cannot be understood: then nobody knows what it has seen.
        """
        if path.suffix != ".safetensors":
            return None
        try:
            with safe_open(path, framework="np") as file:
                said = (file.metadata() or {}).get(_ABOUT)
        except SafetensorError:
            return None  # whoever loads the tensors says what is wrong with it
        if said is None:
            return None
        try:
            values = json.loads(said)
            return cls(str(values["file"]), str(values["backbone"]), str(values["model"]), tuple(map(str, values["animals"])))
        except (ValueError, LookupError, TypeError):
            raise InputError(
                f"{path}: expected to read which animals these weights were tuned on, found '{said[:60]}'; get the file again, "
                "or run 'dvc repro' for the fine-tuning that made it"
            ) from None


def tuned_of(settings: StreamSettings) -> Tuned | None:
    """Return what the weights of a recipe say of themselves; None of weights that were not tuned here."""
    file = settings.weights_file if isinstance(settings, NetworkSettings) else None
    return Tuned.of(file) if file and file.is_file() else None


def seen_in(settings: StreamSettings) -> dict[str, Any]:
    """Return what a feature file is to say of the animals that its network has seen; nothing where it was not tuned."""
    tuned = tuned_of(settings)
    return {"tuned_on": {"file": tuned.file, "animals": sorted(tuned.animals)}} if tuned else {}


def all_seen(settings: StreamSettings, animals: Iterable[str]) -> tuple[str, ...]:
    """Return the animals that weights have seen after they were tuned on some more."""
    tuned = tuned_of(settings)
    return tuple(sorted({*animals, *(tuned.animals if tuned else ())}))


def metadata_of(settings: StreamSettings) -> dict[str, str]:
    """Return what a copy of a recipe's weights must carry on; nothing where they were not tuned."""
    tuned = tuned_of(settings)
    return tuned.metadata() if tuned else {}
