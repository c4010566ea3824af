"""Engines: other ways to compute what torch computes."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from ethocache.common.errors import InputError
from ethocache.vision.backbones.engines import Frozen, engines_of, make_engine
from ethocache.vision.backbones.image import ImageEmbedder
from ethocache.vision.backbones.openvino_engine import OpenVinoEngine, answers_alike
from ethocache.vision.backbones.running import Machine, Run, check_run, choose_run, this_machine
from ethocache.vision.backbones.settings import ImageSettings
from ethocache.vision.embedding import ExtractParams, resolve_run

PICTURE = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
NETWORK = {"engines": ["torch", "compile", "openvino"]}
PLAIN, QUICK = Machine("cpu", openvino=True, bf16=False, compiler=False), Machine("cpu", openvino=True, bf16=True, compiler=False)
CARD = Machine("cuda", openvino=True, bf16=True, compiler=True)


def a_network(seed=0):
    torch.manual_seed(seed)
    layers = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return Frozen(layers, None, (0.5, 0.4, 0.3), (0.2, 0.2, 0.3))


def pictures(count, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (count, 3, 32, 32), np.uint8))


def openvino(precision="fp32"):
    return OpenVinoEngine(a_network(), PICTURE, precision)


# ---- answers ----


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 33])
def test_openvino_answers_as_torch_does_and_in_order(count):
    expected = make_engine(a_network(), PICTURE, Run())(pictures(count))
    found = make_engine(a_network(), PICTURE, Run("openvino"))(pictures(count))
    assert found.shape == (count, 16)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_the_picture_is_normalised_before_the_network():
    seen = a_network().normal(torch.full((1, 3, 2, 2), 255, dtype=torch.uint8))
    torch.testing.assert_close(seen[0, :, 0, 0], torch.tensor([0.5 / 0.2, 0.6 / 0.2, 0.7 / 0.3]))


def test_what_is_no_picture_is_seen_as_it_is():
    frozen = Frozen(nn.Flatten())
    clip = torch.rand(1, 3, 4, 8, 8)
    torch.testing.assert_close(make_engine(frozen, clip, Run("openvino"))(clip.repeat(3, 1, 1, 1, 1)), clip.flatten(1).repeat(3, 1))


def test_an_input_gets_the_same_bytes_alone_and_among_others():
    engine, batch = openvino(), pictures(11)
    alone = torch.cat([engine(batch[number : number + 1]) for number in range(11)])
    assert torch.equal(engine(batch), alone)


def test_the_number_of_threads_changes_no_byte():
    threads = torch.get_num_threads()
    try:
        answers = []
        for count in (1, 3):
            torch.set_num_threads(count)
            answers.append(openvino()(pictures(21)))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*answers)


def test_threads_that_call_at_once_each_get_their_own_answers():
    engine = openvino()
    batches = [pictures(24, seed) for seed in range(12)]
    expected = [engine(batch) for batch in batches]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(engine, batches * 3))
    assert all(torch.equal(one, other) for one, other in zip(found, expected * 3, strict=True))


@pytest.mark.skipif(not this_machine().bf16, reason="this processor has no instructions for bfloat16")
def test_bf16_answers_nearly_the_same():
    exact, quick = openvino()(pictures(9)), openvino("bf16")(pictures(9))
    assert not torch.equal(exact, quick)
    assert (exact - quick).abs().max() < 0.05 * exact.abs().max()


@pytest.mark.slow
def test_torchs_compiler_answers_as_torch_does_for_batches_of_every_length_and_compiles_once():
    torch._dynamo.utils.counters.clear()
    plain, compiled = make_engine(a_network(), PICTURE, Run()), make_engine(a_network(), PICTURE, Run("compile"))
    for count in range(12, 0, -1):
        torch.testing.assert_close(compiled(pictures(count)), plain(pictures(count)), rtol=1e-4, atol=1e-5)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1


def test_a_compiler_that_is_not_there_is_said_in_one_line(monkeypatch):
    engine = make_engine(a_network(), PICTURE, Run("compile"))

    def no_compiler(inputs):
        raise RuntimeError("No working C++ compiler\nfound")

    engine._answer._compiled = no_compiler
    with pytest.raises(InputError, match=r"torch's compiler cannot be used here \(No working C\+\+ compiler found\): take auto or torch"):
        engine(pictures(2))


class Fails:
    """A request that fails each time it is waited for."""

    def start_async(self, inputs, share_inputs):
        pass

    def wait(self):
        raise RuntimeError("out of memory")


def test_an_error_inside_gives_the_requests_back_so_that_nobody_waits_for_ever():
    engine = openvino()
    requests = [engine._free.get() for _ in range(engine._free.qsize())]
    for request in [*requests[1:], Fails()]:
        engine._free.put(request)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="out of memory"):
            engine(pictures(40))
        assert engine._free.qsize() == len(requests)
    with pytest.raises(RuntimeError):
        engine(torch.zeros(8, 3, 7, 7, dtype=torch.uint8))
    assert engine._free.qsize() == len(requests)


class Mixes(nn.Module):
    """Answers for a picture with what is in the next one."""

    def forward(self, pixels):
        return pixels.flatten(1)[:, :4].roll(1, 0)


# ---- which engines a network has ----


class Odd(nn.Module):
    """Answers with what OpenVINO, which looks at a network once, takes for the same number each time."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, pixels):
        self.calls += 1
        return pixels.flatten(1)[:, :4] + self.calls


class Refused(nn.Module):
    """Has an operation that OpenVINO does not know."""

    def forward(self, pixels):
        return torch.linalg.eigvals(pixels[:, 0]).real


def test_a_network_that_openvino_would_change_or_refuse_stays_with_torch(capsys):
    picture = torch.zeros(1, 3, 8, 8)
    assert answers_alike(a_network(), PICTURE)
    assert not answers_alike(Frozen(Odd()), picture)
    assert not answers_alike(Frozen(Refused()), picture)
    assert "note: OpenVINO cannot run this network (" in capsys.readouterr().err
    assert not answers_alike(Frozen(Mixes()), picture)
    assert engines_of(Frozen(Refused()), picture) == ["torch", "compile"]
    assert engines_of(a_network(), PICTURE) == NETWORK["engines"]


def test_a_network_is_described_with_its_engines_when_nobody_says_how_it_runs():
    described = ImageEmbedder(ImageSettings(model="test_resnet", weights="random")).description
    assert described["engines"] == NETWORK["engines"]


# ---- what is chosen ----


@pytest.mark.parametrize(
    ("machine", "run"),
    [
        (PLAIN, Run("openvino", "fp32", "cpu")),
        (QUICK, Run("openvino", "bf16", "cpu")),
        (Machine("cpu", openvino=False, bf16=True, compiler=False), Run("torch", "bf16", "cpu")),
        (Machine("mps", openvino=True, bf16=True, compiler=False), Run("torch", "fp32", "mps")),
        (CARD, Run("compile", "fp16", "cuda")),
        (Machine("cuda", openvino=True, bf16=True, compiler=False), Run("torch", "fp16", "cuda")),
    ],
)
def test_auto_takes_the_quickest_that_a_machine_has(machine, run):
    assert choose_run("auto", "auto", NETWORK, machine) == run


def test_auto_takes_torch_for_a_network_that_openvino_cannot_run():
    assert choose_run("auto", "auto", {"engines": ["torch", "compile"]}, PLAIN) == Run("torch", "fp32", "cpu")


def test_a_toy_that_is_no_network_runs_in_one_way_everywhere():
    assert choose_run("auto", "auto", {"engines": []}, CARD) == choose_run("openvino", "bf16", {"engines": []}, PLAIN) == Run()


def test_what_is_asked_for_is_what_runs():
    assert choose_run("torch", "fp32", NETWORK, CARD) == Run("torch", "fp32", "cuda")
    assert choose_run("openvino", "auto", NETWORK, CARD) == Run("openvino", "bf16", "cpu")
    assert resolve_run(ExtractParams(engine="torch", precision="bf16"), NETWORK, PLAIN) == Run("torch", "bf16", "cpu")


@pytest.mark.parametrize(
    ("engine", "precision", "network", "machine", "message"),
    [
        ("openvino", "auto", NETWORK, Machine("cpu", False, True, False), "extract.engine: openvino is not installed: run `pip install"),
        ("openvino", "auto", {"engines": ["torch"]}, PLAIN, "OpenVINO does not answer as torch does for this network: take auto or torch"),
        (
            "compile",
            "auto",
            NETWORK,
            Machine("cuda", True, True, False),
            "compile needs triton for this graphics card: run `pip install tri",
        ),
        ("auto", "fp16", NETWORK, QUICK, "extract.precision: fp16 is for graphics cards: take auto, bf16 or fp32"),
        ("openvino", "bf16", NETWORK, PLAIN, "this processor has no instructions for bf16: take auto or fp32"),
    ],
)
def test_what_cannot_be_had_is_said_in_one_line(engine, precision, network, machine, message):
    with pytest.raises(InputError) as error:
        choose_run(engine, precision, network, machine)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_worker_that_cannot_run_what_was_decided_elsewhere_says_so():
    check_run(Run("openvino", "bf16", "cpu"), QUICK)
    for run, machine, lacks in (
        (Run("openvino", "bf16", "cpu"), PLAIN, "instructions for bf16"),
        (Run("openvino", "fp32", "cpu"), Machine("cpu", False, False, False), "OpenVINO"),
        (Run("torch", "fp16", "cuda"), QUICK, "a device of kind cuda"),
        (Run("compile", "fp16", "cuda"), Machine("cuda", True, True, False), "triton"),
    ):
        message = (
            rf"^a worker lacks {lacks}, on which the machine .* counts: .* what all have \(.*; for the device ETHOCACHE_CLUSTER_DEVICE\)$"
        )
        with pytest.raises(InputError, match=message):
            check_run(run, machine)


def test_openvino_runs_on_processors_only():
    with pytest.raises(ValueError, match="OpenVINO runs on processors here, not on cuda"):
        Run("openvino", "fp32", "cuda")
