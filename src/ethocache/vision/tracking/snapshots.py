"""Read the weights that DeepLabCut saves, without running anything that a file says."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError  # what torch.load raises; nothing is unpickled here
from typing import Any

import numpy as np

from ethocache.common.errors import InputError


def load_snapshot(path: Path) -> dict[str, Any]:
    """Return the tensors of a snapshot, by name.

    PyTorch reads it with ``weights_only``, whatever the model's description asks for. Beside tensors a snapshot of
    DeepLabCut holds scores, which older versions kept as numbers of numpy: those are plain data too.

    Raises
    ------
    InputError
        If the file holds anything else, is damaged, or is no snapshot.
    """
    import torch

    with torch.serialization.safe_globals(_numbers_of_numpy()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd pickles, which are refused anyway
        try:
            kept = torch.load(path, map_location="cpu", weights_only=True)
        except UnpicklingError:
            raise InputError(
                f"{path} holds more than weights, or is damaged; it is not opened, since opening it could run what it holds; "
                "export the model again with DeepLabCut 3, on the machine where it was trained"
            ) from None
        except (RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError, AttributeError) as error:  # torch on broken files
            reason = " ".join(str(error).split())[:200]
            raise InputError(f"{path} cannot be read as a snapshot, it is damaged or something else ({reason}); get it again") from None
    weights = kept.get("model") if isinstance(kept, Mapping) else None
    if not isinstance(weights, Mapping) or not all(isinstance(tensor, torch.Tensor) for tensor in weights.values()):
        raise InputError(f"{path}: expected a snapshot of DeepLabCut 3 ('model': name -> tensor), found something else")
    return dict(weights)


def _numbers_of_numpy() -> list[Any]:
    scalar = np.float64(0).__reduce__()[0]  # what numpy calls to make a number from its bytes
    named = [(scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")]
    return [*named, np.dtype, np.dtypes.Float64DType, np.dtypes.Float32DType, np.dtypes.Int64DType]


def fill(network: Any, weights: Mapping[str, Any], path: Path) -> None:
    """Give a network its weights.

    Raises
    ------
    InputError
        If they are of another one.
    """
    wanted = network.state_dict()
    missing = sorted(wanted.keys() - weights.keys())
    unknown = sorted(weights.keys() - wanted.keys())
    shaped = sorted(name for name in wanted.keys() & weights.keys() if wanted[name].shape != weights[name].shape)
    if missing or unknown or shaped:
        told = [
            f"{len(names)} {what} ({names[0]})"
            for names, what in ((missing, "missing"), (unknown, "unknown"), (shaped, "of another shape"))
            if names
        ]
        raise InputError(
            f"{path}: these are not the weights of this model: of {len(wanted)} tensors expected and {len(weights)} found, "
            f"{', '.join(told)}; correct track.snapshot, track.detector or track.model"
        )
    network.load_state_dict(weights)
