"""What fine-tuning changes and what it leaves, and that nothing of it is lost or different after a kill."""

import json
import multiprocessing
import random
import time
from dataclasses import replace

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file
from tuned_stripes import BACKBONE, TUNE, make, make_in_a_process, video, work_of

from ethocache.common.errors import InputError
from ethocache.common.files import canonical_json
from ethocache.endtoend.finetuning.augmentation import Change
from ethocache.endtoend.finetuning.clips import Clips, can_judge, means_of
from ethocache.endtoend.finetuning.network import EndToEnd
from ethocache.endtoend.finetuning.tunings import best_epoch, tuned_head
from ethocache.sequence.heads import parse_head
from ethocache.sequence.inference import probabilities
from ethocache.sequence.network import TaggingNetwork
from ethocache.sequence.settings import TrainParams
from ethocache.sequence.steps import Steps
from ethocache.sequence.thresholds import macro_average_precision
from ethocache.vision.backbones.blocks import unfreeze
from ethocache.vision.backbones.image import open_network
from ethocache.vision.backbones.settings import ImageSettings, View
from ethocache.vision.backbones.tuned import Tuned
from ethocache.vision.backbones.weights import load_network
from ethocache.vision.clips import read_clip
from ethocache.vision.crop_plan import CropPlan, write_plan

KILLS = 5
JUMPING = {"kind": "mstcn", "stages": 1, "levels": 1, "channels": 8, "smoothing": 1e4}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    return make(folder / "crops", folder / "store")


def tensors(entry, name):
    return load_file(entry.path(name))


def test_only_the_last_blocks_and_the_head_change_and_no_mean_of_a_batch(undisturbed):
    before, after = load_network(BACKBONE.settings).state_dict(), tensors(undisturbed, "backbone.safetensors")
    assert before.keys() == after.keys()
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"layer3", "layer4"}
    assert all(torch.equal(before[name], after[name]) for name in before if "running" in name or "num_batches" in name)


def test_a_behaviour_in_the_direction_of_stripes_is_learned(undisturbed):
    about = json.loads(undisturbed.path("network.json").read_text())
    assert [entry["epoch"] for entry in about["curve"]] == [0, 1, 2, 3]
    assert about["curve"][0]["loss"] is None and about["curve"][-1]["loss"] < about["curve"][1]["loss"]
    best = best_epoch(undisturbed)
    assert best > 0 and about["curve"][best]["average_precision"] > about["curve"][0]["average_precision"] + 0.1


def test_the_tuned_file_says_whom_it_has_seen_and_is_taken_as_weights(undisturbed):
    path = undisturbed.path("backbone.safetensors")
    assert Tuned.of(path) == Tuned("models/finetune-e2e/backbone.safetensors", "tiny", "test_resnet", ("m0", "m1", "m2"))
    assert open_network(ImageSettings(model="test_resnet", weights=str(path), input_px=32)).dimensions == 96


@pytest.mark.timeout(600)
def test_killed_five_times_and_resumed_the_final_bytes_are_those_of_an_undisturbed_run(undisturbed, tmp_path):
    context, chance, kills = multiprocessing.get_context("forkserver"), random.Random(5), 0
    work_of(tmp_path / "crops")
    context.set_forkserver_preload(["tuned_stripes"])
    while True:
        process = context.Process(target=make_in_a_process, args=(str(tmp_path / "crops"), str(tmp_path / "store")))
        process.start()
        if kills < KILLS and lives_until(process, tmp_path / "store", chance.randint(1, 2), chance):
            process.kill()
            process.join()
            kills += 1
            continue
        process.join()
        break
    assert kills == KILLS and process.exitcode == 0
    (entry,) = (tmp_path / "store/finetuning").glob("*/entry.json")
    for name in ("backbone.safetensors", "network.safetensors", "network.json"):
        assert (entry.parent / name).read_bytes() == undisturbed.path(name).read_bytes(), name


def lives_until(process, store, checkpoints, chance):
    """Wait for so many new checkpoints and a random moment after the last; False where the work ends before."""
    seen = stamp(store)
    for _ in range(checkpoints):
        while stamp(store) == seen:
            if not process.is_alive():
                return False
            time.sleep(0.002)
        seen = stamp(store)
    time.sleep(chance.uniform(0, 0.05))
    return process.is_alive()


def stamp(store):
    return [path.stat().st_mtime_ns for path in store.glob("finetuning/*/segments/checkpoint.safetensors")]


def test_a_damaged_checkpoint_begins_anew_and_gives_the_same_bytes(undisturbed, tmp_path, monkeypatch):
    from ethocache.endtoend.finetuning import tuning

    keep, kept = tuning.Checkpoint.keep, []

    def stopping(self, *what):
        keep(self, *what)
        kept.append(self.path)
        if len(kept) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(tuning.Checkpoint, "keep", stopping)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "crops", tmp_path / "store")
    damaged = bytearray(kept[-1].read_bytes())
    damaged[-100] ^= 1
    kept[-1].write_bytes(damaged)
    monkeypatch.setattr(tuning.Checkpoint, "keep", keep)
    again = make(tmp_path / "crops", tmp_path / "store")
    assert again.path("backbone.safetensors").read_bytes() == undisturbed.path("backbone.safetensors").read_bytes()


@pytest.mark.parametrize("task", ["multilabel", "exclusive"])
def test_inner_animals_whose_labelled_frames_have_no_valid_crop_judge_nothing(tmp_path, task):
    work = work_of(tmp_path / "crops", TUNE.model_copy(update={"epochs": 1}), task=task)
    (shown,) = work.inner
    shown.labels[np.arange(60) % 7 != 6] = -1
    assert best_epoch(make(tmp_path / "crops", tmp_path / "store", work)) == 1
    shown.labels[0] = 0
    assert can_judge(work.inner, work.setup.params)


def test_videos_of_another_animal_are_tuned_anew_as_their_file_says_whom_it_has_seen(tmp_path):
    work, frames = work_of(tmp_path / "crops"), np.zeros(60, int)
    for name, crop in work.crops.items():
        write_plan(crop.with_suffix(".json"), CropPlan(frames, frames, 32, frames == 0, "track", 1.0), frames / 10, 32, name)
    renamed = [replace(shown, animal="another") for shown in (*work.fitted, *work.inner)]
    fitted, inner = replace(work, fitted=renamed[:2]), replace(work, inner=renamed[2:])
    assert len({canonical_json(each.recipe()) for each in (work, fitted, inner)}) == 3


def test_a_kill_while_an_epoch_is_judged_loses_nothing_that_was_learned_or_judged(undisturbed, tmp_path, monkeypatch):
    from ethocache.endtoend.finetuning import tuning

    answer, learn, judged, learned = tuning.Tuning._answer, tuning.Tuning._learn, [], []

    def stopping(self, *what):
        if len(judged) == 6:  # of each 4, the third of the first epoch
            judged.append("lost")
            raise KeyboardInterrupt
        judged.append("kept")
        return answer(self, *what)

    monkeypatch.setattr(tuning.Tuning, "_answer", stopping)
    monkeypatch.setattr(tuning.Tuning, "_learn", lambda self, *what: learned.append(what[2]) or learn(self, *what))
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "crops", tmp_path / "store")
    before = len(learned)
    again = make(tmp_path / "crops", tmp_path / "store")
    assert judged.count("kept") == 4 * 4 and 0 < before < len(learned) == len(set(learned))
    for name in ("backbone.safetensors", "network.safetensors", "network.json"):
        assert again.path(name).read_bytes() == undisturbed.path(name).read_bytes(), name


def test_without_inner_animals_the_last_epoch_is_taken_and_none_leaves_the_start(tmp_path):
    work = work_of(tmp_path / "crops", TUNE.model_copy(update={"epochs": 1}), inner=False)
    entry = make(tmp_path / "crops", tmp_path / "store", work)
    assert best_epoch(entry) == 1 and Tuned.of(entry.path("backbone.safetensors")).animals == ("m0", "m1")
    start = make(tmp_path / "crops", tmp_path / "another", replace(work, epochs=0))
    before = load_network(BACKBONE.settings).state_dict()
    assert all(torch.equal(before[name], value) for name, value in tensors(start, "backbone.safetensors").items())


def test_jumps_count_as_much_as_labels_however_many_clips_make_a_step(tmp_path):
    def loss(accumulate):
        still = {"learning_rate": 1e-12, "head_learning_rate": 1e-12, "weight_decay": 0.0, "epochs": 1, "accumulate": accumulate}
        work = work_of(tmp_path / "crops", TUNE.model_copy(update=still), inner=False, head=JUMPING)
        entry = make(tmp_path / "crops", tmp_path / f"store{accumulate}", work)
        return json.loads(entry.path("network.json").read_text())["curve"][-1]["loss"]

    alone, together = loss(1), loss(4)
    assert alone > 2, "most of it is of jumps"
    assert together == pytest.approx(alone, rel=1e-3)


def test_gradients_are_the_same_with_and_without_checkpointing_and_in_clips_or_in_parts():
    def gradients(**changes):
        torch.manual_seed(0)
        head = TaggingNetwork(96, 2, parse_head({"kind": "linear", "input_dropout": 0.0}, "head"), TrainParams(components=8))
        network = EndToEnd(open_network(BACKBONE.settings), head, TUNE.model_copy(update=changes)).place(torch.device("cpu"), bf16=False)
        network.learns(True)
        pictures = torch.randint(0, 255, (8, 3, 32, 32), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
        seen = network.seen(pictures, torch.from_numpy(means_of(np.ones(8, bool), 2)))
        assert seen.shape == (1, 4, 8), "steps of two frames, projected on eight components"
        head.tag(seen, torch.ones(1, 4, dtype=torch.bool)).square().sum().backward()
        return {name: weight.grad for name, weight, _ in network.rates()}

    plain = gradients(checkpointing=False, frames=8)
    for other in (gradients(checkpointing=True, frames=8), gradients(checkpointing=True, frames=3)):
        assert all(torch.allclose(plain[name], other[name], atol=1e-5) for name in plain)
    assert sum(float(gradient.abs().sum()) > 0 for name, gradient in plain.items() if name.startswith("backbone")) >= 6


@pytest.mark.parametrize("checkpointing", [True, False])
def test_pictures_are_changed_part_by_part_as_they_go_through_the_backbone(monkeypatch, checkpointing):
    head = TaggingNetwork(96, 2, parse_head({"kind": "linear", "input_dropout": 0.0}, "head"), TrainParams())
    settings = TUNE.model_copy(update={"checkpointing": checkpointing, "frames": 3})
    network = EndToEnd(open_network(BACKBONE.settings), head, settings).place(torch.device("cpu"), bf16=False)
    network.learns(True)
    pictures, means = torch.randint(0, 255, (8, 3, 32, 32), dtype=torch.uint8), torch.from_numpy(means_of(np.ones(8, bool), 2))
    change = Change(mirrored=True, turn_deg=7.0, brighter=1.1, blur_px=0.4)
    of, parts = Change.of, []
    whole = network.seen(change.of(pictures), means)
    monkeypatch.setattr(Change, "of", lambda self, part: parts.append((len(part), part.dtype)) or of(self, part))
    assert torch.allclose(network.seen(pictures, means, change), whole, atol=1e-4)
    assert parts == [(frames, torch.uint8) for frames in (3, 3, 2)]


def test_convolutions_are_those_of_embedding_on_the_way_forwards_and_back(tmp_path, monkeypatch):
    flags, ready = [], EndToEnd.place

    def place(self, *where):
        def note(*_):
            flags.append((torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic))

        last = self.backbone.network.layer4
        last.register_forward_hook(note)
        last.register_full_backward_hook(note)
        return ready(self, *where)

    monkeypatch.setattr(EndToEnd, "place", place)
    params = TUNE.model_copy(update={"epochs": 1, "checkpointing": False})
    make(tmp_path / "crops", tmp_path / "store", work_of(tmp_path / "crops", params))
    assert len(flags) > 2 * 8 and set(flags) == {(False, False, True)}


def test_a_step_is_the_mean_that_heads_see():
    class Source:
        frames, dimensions, time_s = 11, 3, np.arange(11) / 10
        valid = np.array([1, 0, 1, 0, 0, 0, 1, 1, 1, 0, 1], bool)
        values = np.random.default_rng(0).normal(size=(11, 3)).astype(np.float32)

        def rows(self, start, stop):
            return self.values[start:stop]

    source = Source()
    wanted = Steps(source, 3).rows(0, 4)
    assert np.allclose(means_of(source.valid, 3) @ source.values, wanted, atol=1e-2)


def test_clips_cover_every_labelled_frame_and_none_that_nobody_looked_at(tmp_path):
    shown = video("m0", frames=95)
    shown.labels[40:] = -1
    clips = Clips([shown], TrainParams(max_fps=5), {}, View(), clip_s=1.0, most=100)
    for chosen in (clips.drawn(np.random.default_rng(0)), clips.spread()):
        steps = sorted(step for clip in chosen for step in range(clip.window.start, clip.window.stop))
        assert len(set(steps)) == len(steps) and set(range(20)) <= set(steps) and all(clips.known(clip) for clip in chosen)
    assert len(Clips([shown], TrainParams(), {}, View(), clip_s=1.0, most=2).spread()) == 2


@pytest.mark.parametrize("max_fps", [None, 5])
def test_epochs_are_judged_in_windows_that_overlap_and_by_each_frame_once(tmp_path, max_fps):
    work = work_of(tmp_path / "crops", max_fps=max_fps)
    (shown,) = work.inner
    shown.labels[17] = -1
    clips = Clips([shown], work.setup.params, work.crops, View(size_px=32), clip_s=2.0, most=100, overlap_s=0.5)
    judged = clips.spread()
    reads = [clips.read(clip) for clip in judged]
    assert [len(read.pictures) for read in reads] == [20] * len(judged) and len(judged) == 4
    assert np.array_equal(np.concatenate([clips.labels(clip) for clip in judged]), shown.labels)
    assert [len(np.arange(20)[read.kept]) for read in reads] == [len(clips.labels(clip)) for clip in judged]


def test_what_judges_an_epoch_is_what_tags_come_from(tmp_path):
    work = replace(work_of(tmp_path / "crops"), epochs=0)
    (shown,) = work.inner
    shown.labels[:, 0] = np.random.default_rng(0).integers(0, 2, 60)  # so that hardly two rankings of frames score alike
    start = make(tmp_path / "crops", tmp_path / "store", work)
    (judged,) = json.loads(start.path("network.json").read_text())["curve"]
    backbone = open_network(BACKBONE.settings)
    pictures = torch.from_numpy(read_clip(work.crops[shown.id], 0, 60, View(size_px=32))).permute(0, 3, 1, 2)
    with torch.no_grad(), shown.open() as features:
        vectors = backbone.with_preprocessing(backbone.network).ready("cpu", "fp32", 4)(pictures).numpy()
        features.rows = lambda start, stop: vectors[start:stop]
        said = probabilities(tuned_head(start, work.setup), features, work.setup.params)
    assert judged["average_precision"] == pytest.approx(macro_average_precision(shown.labels, said), abs=1e-6)


def test_the_backbone_that_has_no_such_blocks_says_which_there_are():
    head = TaggingNetwork(96, 1, parse_head({"kind": "linear"}, "head"), TrainParams())

    def network(unfreeze):
        return EndToEnd(open_network(BACKBONE.settings), head, TUNE.model_copy(update={"unfreeze": unfreeze}))

    with pytest.raises(
        InputError, match=r"test_resnet has no block 'layer5' with weights, did you mean 'layer4\.0'\?; known: conv1\.0, .*, layer4\.0"
    ):
        network(("layer5",))
    with pytest.raises(InputError, match=r"finetune\.unfreeze: test_resnet has 5 blocks, expected at most so many, found 9"):
        network(9)
    assert {name.split(".")[1] for name, _, _ in network(("layer4",)).rates() if name.startswith("backbone")} == {"layer4"}


def test_blocks_nearer_to_the_pictures_learn_more_slowly():
    head = TaggingNetwork(96, 1, parse_head({"kind": "linear"}, "head"), TrainParams())
    rates = EndToEnd(open_network(BACKBONE.settings), head, TUNE.model_copy(update={"unfreeze": 3, "decay": 0.5})).rates()
    by_block = {
        ".".join(name.split(".")[:2]): round(rate / TUNE.learning_rate, 6) for name, _, rate in rates if name.startswith("backbone")
    }
    assert by_block == {"backbone.layer2": 0.25, "backbone.layer3": 0.5, "backbone.layer4": 1.0}
    assert {rate for name, _, rate in rates if name.startswith("head")} == {TUNE.head_learning_rate}


@pytest.mark.parametrize(
    ("model", "last", "share"),
    [
        ("test_efficientnet", "blocks.4", 0.46),
        ("test_vit", "blocks.5", 0.14),
        ("test_convnext", "stages.3", 0.41),
        ("test_mambaout", "stages.3", 0.45),
        ("mobilenetv3_small_100", "blocks.5", 0.43),
        ("densenet121", "features.denseblock4", 0.31),
        ("swin_tiny_patch4_window7_224", "layers.3", 0.56),
        ("hiera_tiny_224", "blocks.11", 0.26),
        ("regnety_002", "s4.b1", 0.90),
        ("rexnet_100", "features.16", 0.07),
        ("inception_resnet_v2", "block8.branch0", 0.10),
    ],
)
def test_the_last_block_of_every_family_is_one_and_not_merely_what_follows_it(model, last, share):
    network = timm.create_model(model, num_classes=0).requires_grad_(False)
    learning = unfreeze(network, 1, model)
    assert {depth for _, depth in learning} == {0} and learning[0][0].startswith(f"{last}.")
    learn = sum(network.get_parameter(name).numel() for name, _ in learning)
    assert learn / sum(weight.numel() for weight in network.parameters()) == pytest.approx(share, abs=0.01)
    assert sum(weight.numel() for weight in network.parameters() if weight.requires_grad) == learn


def test_a_family_whose_blocks_timm_cannot_count_wants_names():
    network = timm.create_model("rdnet_tiny", num_classes=0).requires_grad_(False)
    with pytest.raises(InputError, match=r"the blocks of rdnet_tiny cannot be counted, name those that are to learn, of stem\.0, .*stages"):
        unfreeze(network, 1, "rdnet_tiny")
    last = "dense_stages.6"
    assert {name.rpartition(".")[0].startswith(last) for name, _ in unfreeze(network, (last,), "rdnet_tiny")} == {True}


def test_a_loss_that_is_no_number_says_what_to_do(tmp_path):
    params = TUNE.model_copy(update={"learning_rate": 1e30, "head_learning_rate": 1e30})
    with pytest.raises(InputError, match=r"in fine-tuning; set a smaller finetune\.learning_rate than 1e\+30"):
        make(tmp_path / "crops", tmp_path / "store", work_of(tmp_path / "crops", params))


@pytest.mark.parametrize("where", [(torch.Tensor, "backward"), (TaggingNetwork, "tag"), (EndToEnd, "seen")], ids=lambda where: where[1])
def test_too_little_memory_says_what_to_lower_wherever_it_runs_out(tmp_path, monkeypatch, where):
    def full(*_args, **_more):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(*where, full)
    with pytest.raises(InputError, match=r"^\d\d frames of a clip need more .*: lower finetune\.frames \(4\) with checkpointing: true"):
        make(tmp_path / "crops", tmp_path / "store")


def test_other_weights_than_those_of_the_key_are_not_tuned(tmp_path):
    work = work_of(tmp_path / "crops")
    stale = replace(work, backbone=replace(work.backbone, description={"weights_sha256": "of others"}))
    with pytest.raises(InputError, match=r"the network's weights are not those that were looked at before, their source has changed: run"):
        make(tmp_path / "crops", tmp_path / "store", stale)


def test_a_missing_crop_says_what_makes_it(tmp_path):
    work = work_of(tmp_path / "crops")
    with pytest.raises(InputError, match=r"m0\.mp4 is missing: run 'dvc repro crop'"):
        work.recipe()
