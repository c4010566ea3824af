"""Build torchvision's detectors without the weights that they would fetch, only to be overwritten."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def without_downloads() -> Iterator[None]:
    """Let torchvision start from random weights where it would ask its hub for those of ImageNet.

    A detector whose own weights come from a file is built around a backbone that torchvision fills first, from the
    internet. To tell it not to changes the layers (frozen normalisation becomes free), so that the file would not fit.
    """
    from torchvision.models import WeightsEnum, get_model

    def random_weights(self: Any, *args: Any, **options: Any) -> Any:
        return get_model(type(self).__name__.removesuffix("_Weights").lower(), weights=None).state_dict()

    fetching = WeightsEnum.get_state_dict
    WeightsEnum.get_state_dict = random_weights
    try:
        yield
    finally:
        WeightsEnum.get_state_dict = fetching
