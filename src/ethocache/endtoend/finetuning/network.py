"""Backbone and head as one network: pictures in, logits out, gradients all the way."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ethocache.endtoend.finetuning.augmentation import AS_IT_IS, Change
from ethocache.endtoend.finetuning.settings import FinetuneParams
from ethocache.sequence.network import TaggingNetwork
from ethocache.vision.backbones.blocks import unfreeze
from ethocache.vision.backbones.image import OpenNetwork

Rates = list[tuple[str, nn.Parameter, float]]


class EndToEnd(nn.Module):
    """A backbone whose last blocks learn, below a head that learns with them.

    The backbone stays in evaluation mode, so that batch normalisation goes by the means of its first training: clips of one animal
    are too alike to estimate others from.

    Parameters
    ----------
    backbone
        With its weights; what learns of it is switched on here.
    head
        A trained one; the mean and standard deviation by which it sees features stay as they are.

    Raises
    ------
    InputError
        If the backbone has no such blocks as `params.unfreeze` names.
    """

    def __init__(self, backbone: OpenNetwork, head: TaggingNetwork, params: FinetuneParams) -> None:
        super().__init__()
        self.backbone, self.head, self.params = backbone.with_preprocessing(backbone.network), head, params
        self._learning = unfreeze(backbone.network, params.unfreeze, backbone.settings.model)

    def place(self, device: torch.device, bf16: bool) -> "EndToEnd":
        """Move to a device; with `bf16` the backbone multiplies in 16 bits."""
        self.backbone.ready(str(device), "fp32", 4)
        self.head.to(device)
        self.device, self._bf16 = device, bf16
        return self

    def learns(self, on: bool) -> None:
        """Switch the head's dropout on or off; the backbone is always in evaluation mode."""
        self.head.train(on)
        self.backbone.eval()

    def rates(self) -> Rates:
        """Return each parameter that learns, with its name and its learning rate."""
        params, network = self.params, self.backbone.network
        found = [(f"backbone.{name}", network.get_parameter(name), depth) for name, depth in self._learning]
        nearest = min(depth for _, _, depth in found)
        of_backbone = [(name, weight, params.learning_rate * params.decay ** (depth - nearest)) for name, weight, depth in found]
        return of_backbone + [(f"head.{name}", weight, params.head_learning_rate) for name, weight in self.head.named_parameters()]

    def state(self) -> dict[str, Tensor]:
        """Return everything that fine-tuning changes, by name; the tensors themselves."""
        of_backbone = {f"backbone.{name}": self.backbone.network.get_parameter(name).detach() for name, _ in self._learning}
        return of_backbone | {f"head.{name}": value.detach() for name, value in self.head.state_dict().items()}

    @torch.no_grad()
    def take(self, state: dict[str, Tensor]) -> None:
        """Set everything that fine-tuning changes."""
        for name, value in self.state().items():
            value.copy_(state[name])

    def seen(self, pictures: Tensor, means: Tensor, change: Change = AS_IT_IS) -> Tensor:
        """Return what the head sees of a clip, (1, S, width).

        Parameters
        ----------
        pictures
            (T, 3, size, size) of 0 to 255.
        means
            (S, T) what each frame counts in each step.
        change
            What is done to the pictures first.
        """
        features = torch.cat(list(self._vectors(pictures, change)))
        seen: Tensor = self.head.view(means @ features.float())
        return seen[None]

    def _vectors(self, pictures: Tensor, change: Change) -> Iterator[Tensor]:
        for part in torch.split(pictures, self.params.frames):
            if self.params.checkpointing and torch.is_grad_enabled():
                yield checkpoint(self._vectors_of, part, change, use_reentrant=False, preserve_rng_state=False)
            else:
                yield self._vectors_of(part, change)

    def _vectors_of(self, part: Tensor, change: Change) -> Tensor:
        """Bytes become other numbers only here, so that no more frames are in memory as such than go through at once."""
        changed = change.of(part)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._bf16):
            vectors: Tensor = self.backbone(changed)
        return vectors
