"""One small network of every family that timm has: each gives features by name."""

import numpy as np
import pytest
import timm

from ethocache.common.errors import InputError
from ethocache.vision.backbones.flow import FlowEmbedder
from ethocache.vision.backbones.flow_settings import FlowSettings
from ethocache.vision.backbones.image import ImageEmbedder
from ethocache.vision.backbones.running import Run
from ethocache.vision.backbones.settings import ImageSettings

SMALLEST = {
    "beit": "beit_base_patch16_224",
    "byoanet": "halonet_h1",
    "byobnet": "mobileone_s1",
    "cait": "cait_xxs24_224",
    "coat": "coat_tiny",
    "convit": "convit_tiny",
    "convmixer": "convmixer_768_32",
    "convnext": "convnext_zepto_rms",
    "cpubone": "cpubone_nano",
    "crossvit": "crossvit_tiny_240",
    "csatv2": "csatv2",
    "cspnet": "cs3darknet_focus_s",
    "cspnext": "cspnext_tiny",
    "davit": "davit_tiny",
    "deepseek_vit": "deepseek_vit_412m",
    "deit": "deit_tiny_patch16_224",
    "densenet": "densenet121",
    "dla": "dla46x_c",
    "dpn": "dpn48b",
    "edgenext": "edgenext_xx_small",
    "efficientformer": "efficientformer_l1",
    "efficientformer_v2": "efficientformerv2_s0",
    "efficientnet": "tinynet_e",
    "efficientvim": "efficientvim_m1",
    "efficientvit_mit": "efficientvit_b0",
    "efficientvit_msra": "efficientvit_m0",
    "eva": "eva02_tiny_patch14_224",
    "fasternet": "fasternet_t0",
    "fastvit": "fastvit_t8",
    "focalnet": "focalnet_tiny_srf",
    "gcvit": "gcvit_xxtiny",
    "gemma4_vit": "gemma4_vit_167m",
    "ghostnet": "ghostnet_050",
    "hardcorenas": "hardcorenas_b",
    "hgnet": "hgnetv2_b0",
    "hiera": "hiera_tiny_224",
    "hieradet_sam2": "hieradet_small",
    "hrnet": "hrnet_w18_small",
    "iformer": "iformer_t",
    "inception_next": "inception_next_atto",
    "inception_resnet_v2": "inception_resnet_v2",
    "inception_v3": "inception_v3",
    "inception_v4": "inception_v4",
    "lcnetv2": "lcnetv2_small",
    "levit": "levit_128s",
    "lowformer": "lowformer_b0",
    "mambaout": "mambaout_femto",
    "maxxvit": "maxvit_pico_rw_256",
    "metaformer": "poolformerv2_s12",
    "mlp_mixer": "gmlp_ti16_224",
    "mobilenetv3": "lcnet_035",
    "mobilenetv5": "mobilenetv5_base",
    "mobilevit": "mobilevit_xxs",
    "mvitv2": "mvitv2_tiny",
    "naflexvit": "naflexvit_base_patch16_parfac_gap",
    "nasnet": "nasnetalarge",
    "nest": "nest_tiny",
    "nextvit": "nextvit_small",
    "nfnet": "nf_regnet_b0",
    "pit": "pit_ti_224",
    "pnasnet": "pnasnet5large",
    "pvt_v2": "pvt_v2_b0",
    "qwen3_vit": "qwen3_vit_88m",
    "rdnet": "rdnet_tiny",
    "regnet": "regnetx_002",
    "repghost": "repghostnet_050",
    "repvit": "repvit_m1",
    "res2net": "res2next50",
    "resnest": "resnest14d",
    "resnet": "resnet10t",
    "resnetv2": "resnetv2_18",
    "rexnet": "rexnet_100",
    "selecsls": "selecsls42",
    "senet": "legacy_seresnet18",
    "sequencer": "sequencer2d_s",
    "shvit": "shvit_s1",
    "sknet": "skresnet18",
    "starnet": "starnet_s050",
    "swiftformer": "swiftformer_xs",
    "swin_transformer": "swin_tiny_patch4_window7_224",
    "swin_transformer_v2": "swinv2_tiny_window8_256",
    "swin_transformer_v2_cr": "swinv2_cr_tiny_224",
    "tiny_vit": "tiny_vit_5m_224",
    "tnt": "tnt_s_legacy_patch16_224",
    "tresnet": "tresnet_m",
    "twins": "twins_svt_small",
    "vgg": "vgg11",
    "visformer": "visformer_tiny",
    "vision_transformer": "vit_tiny_patch16_224",
    "vision_transformer_hybrid": "vit_tiny_r_s16_p8_224",
    "vision_transformer_relpos": "vit_srelpos_small_patch16_224",
    "vision_transformer_sam": "samvit_base_patch16_224",
    "vitamin": "vitamin_small_224",
    "volo": "volo_d1_224",
    "vovnet": "ese_vovnet19b_slim_dw",
    "xception": "legacy_xception",
    "xception_aligned": "xception41p",
    "xcit": "xcit_nano_12_p8_224",
}
"""timm's name of a family -> its smallest network with a picture of usual size."""
SEVERAL_MAPS = {"coat", "crossvit", "efficientvim"}
NOT_COLOURS_FIRST = {"csatv2", "tresnet"}
LARGE = {
    "beit",
    "deepseek_vit",
    "gemma4_vit",
    "mobilenetv5",
    "naflexvit",
    "nasnet",
    "pnasnet",
    "qwen3_vit",
    "vgg",
    "vision_transformer_sam",
}
pytestmark = pytest.mark.slow


def pictures(count=2, size=128):
    coarse = np.random.default_rng(0).integers(0, 256, (count, size // 16, size // 16, 3), np.uint8)
    return coarse.repeat(16, axis=1).repeat(16, axis=2)


def test_no_family_is_forgotten():
    assert set(timm.list_modules()) <= set(SMALLEST), "a newer timm has more: add its smallest"


@pytest.mark.parametrize("family", SMALLEST)
def test_a_network_of_every_family_gives_one_finite_vector_a_frame(family):
    network = ImageEmbedder(ImageSettings(model=SMALLEST[family], weights="random"), Run())
    answer = network(pictures())
    assert answer.shape == (2, network.description["dimensions"])
    assert np.isfinite(answer).all()
    assert (answer[0] != answer[1]).any()


@pytest.mark.parametrize("family", sorted(set(SMALLEST) - SEVERAL_MAPS))
def test_the_mean_over_places_has_a_number_for_every_channel_and_not_for_a_place(family):
    network = ImageEmbedder(ImageSettings(model=SMALLEST[family], weights="random", pooling="avg"), Run())
    answer = network(pictures())
    assert network.description["dimensions"] == answer.shape[1] >= 64
    assert np.isfinite(answer).all()


@pytest.mark.parametrize("family", sorted(SEVERAL_MAPS))
def test_a_network_of_several_maps_has_no_mean_over_places(family):
    with pytest.raises(InputError, match="has several maps before its classifier, so only 'pooling: default' is possible"):
        ImageEmbedder(ImageSettings(model=SMALLEST[family], weights="random", pooling="avg"), Run())


@pytest.mark.parametrize("family", sorted(set(SMALLEST) - LARGE))
def test_a_network_of_every_family_can_be_shown_flow(family):
    stack = 1 if family in NOT_COLOURS_FIRST else 2
    network = FlowEmbedder(FlowSettings(model=SMALLEST[family], weights="random", method="dis_fast", stack=stack), Run())
    answer = network(pictures(3))
    assert answer.shape == (3 - network.context.before - network.context.after, network.description["dimensions"])
    assert np.isfinite(answer).all()


@pytest.mark.parametrize("family", sorted(NOT_COLOURS_FIRST))
def test_a_network_that_does_something_else_with_colours_first_cannot_be_shown_a_stack(family):
    with pytest.raises(InputError, match="does not start with a convolution over colours, so it cannot be shown a stack of flows"):
        FlowEmbedder(FlowSettings(model=SMALLEST[family], weights="random", stack=2), Run())
