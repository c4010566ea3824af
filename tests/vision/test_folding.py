import pytest
import timm
import torch
from torch import nn

from ethocache.vision.backbones.folding import fold_batch_norm


def normalisations(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def with_lived_in_statistics(network: nn.Module) -> nn.Module:
    """A fresh normalisation does nothing; give each the statistics of a trained one."""
    random = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.running_mean, module.weight.data, module.bias.data):
                values.add_(0.1 * torch.randn(values.shape, generator=random))
            module.running_var.mul_(torch.rand(module.running_var.shape, generator=random) + 0.5)
    return network.eval().requires_grad_(False)


def picture(seed: int = 2, size: int = 64) -> torch.Tensor:
    return torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet", "test_byobnet", "resnet18", "tf_efficientnet_lite0"])
def test_a_folded_network_says_the_same_with_its_normalisations_gone(name):
    torch.manual_seed(0)
    network = with_lived_in_statistics(timm.create_model(name, num_classes=0))
    folded = fold_batch_norm(network, 64)
    assert normalisations(network) >= 10
    assert normalisations(folded) <= 1  # a stem of several convolutions in one box keeps its last
    torch.testing.assert_close(folded(picture()), network(picture()), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["test_vit", "test_convnext"])
def test_a_network_without_batch_normalisation_stays_itself(name):
    network = timm.create_model(name, num_classes=0).eval()
    assert fold_batch_norm(network, 160) is network


class NormalisedFirst(nn.Module):
    """Holds a convolution before a normalisation, but uses them the other way round."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 3)
        self.normalisation = nn.BatchNorm2d(3)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.convolution(self.normalisation(pixels)).mean((2, 3))


def test_a_network_that_would_say_something_else_is_left_alone():
    torch.manual_seed(0)
    network = with_lived_in_statistics(NormalisedFirst())
    assert fold_batch_norm(network, 32) is network
