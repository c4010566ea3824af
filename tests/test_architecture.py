"""The design, held true: who imports whom, who owns which library, what each stage depends on."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "ethocache"
MODULES = sorted(SOURCE.rglob("*.py"))
STAGES = sorted(path for path in (SOURCE / "stages").glob("*.py") if path.stem != "__init__")
PIPELINE = {name: stage.get("do", stage) for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].items()}
EACH = {name for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].items() if "foreach" in stage}

MAY_IMPORT = {
    "common": set(),
    "dataset": {"common"},
    "vision": {"common", "dataset"},
    "scoring": {"common", "dataset"},
    "sequence": {"common", "dataset", "scoring"},
    "endtoend": {"common", "dataset", "vision", "scoring", "sequence"},
    "stages": {"common", "dataset", "vision", "scoring", "sequence", "endtoend"},
    "cli": {"common", "dataset", "vision", "scoring", "sequence", "endtoend"},
}
OWNERS = {
    "h5py": {
        "dataset/features.py",
        "dataset/aligned_features.py",
        "dataset/tracks.py",
        "dataset/deeplabcut_h5.py",
        "dataset/predictions.py",
        "dataset/nwb.py",
    },
    "av": {"dataset/videos.py", "vision/decode.py", "vision/encode.py", "vision/canvas.py", "vision/live.py"},
    "timm": {"vision/backbones/"},
    "torchvision": {"vision/backbones/", "vision/tracking/detectors.py"},
    "deeplabcut": {"vision/tracking/networks.py", "vision/tracking/superanimal.py"},
    "openvino": {"vision/backbones/openvino_engine.py"},
    "yaml": {"common/params.py"},
    "ruamel": {"common/params_editing.py"},
    "optuna": {"sequence/tuning.py", "sequence/tuning_space.py", "sequence/tuning_study.py"},
    "tqdm": {"common/progress.py"},
    "dask": {"common/cluster.py", "common/workers.py"},
    "distributed": {"common/cluster.py", "common/workers.py"},
    "dask_jobqueue": {"common/workers.py"},
    "filelock": {"common/locks.py"},
    "matplotlib": {"scoring/"},
    "jinja2": {"scoring/report/writing.py"},
    "PIL": {"vision/contact_sheet.py", "vision/overlay_text.py"},
    "typer": {"cli.py"},
    "pynwb": {"dataset/nwb.py"},
    "ndx_ethogram": {"dataset/nwb.py"},
    "dvc": set(),
    "cv2": {"vision/optical_flow.py"},
    "pickle": {"dataset/deeplabcut_h5.py", "vision/backbones/weights.py", "vision/tracking/snapshots.py"},  # refuses; the name of an error
}
HEAVY = ("deeplabcut", "torch", "timm", "torchvision", "pandas", "sklearn", "matplotlib", "scipy")


def imports(path: Path) -> set[str]:
    """Names of all modules that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def layer(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def module_file(name: str) -> Path | None:
    """The file of one of our modules, or None for a name that is something inside a module."""
    place = ROOT / "src" / Path(*name.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def closure(path: Path) -> set[Path]:
    """All of our files that a file imports, directly or not."""
    seen: set[Path] = set()
    waiting = [path]
    while waiting:
        for name in imports(waiting.pop()):
            parts = name.split(".")
            files = (module_file(".".join(parts[: n + 1])) for n in range(1, len(parts))) if parts[0] == "ethocache" else ()
            for file in files:
                if file and file not in seen:
                    seen.add(file)
                    waiting.append(file)
    return seen


@pytest.mark.parametrize("path", [path for path in MODULES if layer(path) != "__init__"], ids=lambda path: str(path.relative_to(SOURCE)))
def test_layers_import_downwards_only(path):
    allowed = MAY_IMPORT[layer(path)] | {layer(path)}
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("ethocache.")}
    assert ours <= allowed, f"{path.relative_to(SOURCE)} imports {sorted(ours - allowed)}"


@pytest.mark.parametrize("library", OWNERS)
def test_every_outside_library_has_one_owner(library):
    users = {path.relative_to(SOURCE).as_posix() for path in MODULES if library in {name.split(".")[0] for name in imports(path)}}
    strangers = {user for user in users if not any(user.startswith(owner) for owner in OWNERS[library])}
    assert not strangers


def test_every_stage_has_its_script_and_every_script_its_stage():
    assert {path.stem for path in STAGES} == set(PIPELINE)
    item = dict.fromkeys(EACH, " ${item}")
    assert all(stage["cmd"] == f"python -m ethocache.stages.{name}{item.get(name, '')}" for name, stage in PIPELINE.items())


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_a_stage_depends_on_every_package_folder_that_it_imports(path):
    """By way of a file that `index`, which always runs, writes for each stage."""
    from ethocache.endtoend.revisions import LAYERS

    used = {layer(file) for file in closure(path)} - {"__init__", "stages"}
    assert used == set(LAYERS.get(path.stem, used))
    assert path.stem == "index" or f"data/recipes/code/{path.stem}.json" in PIPELINE[path.stem]["deps"]
    assert not [dep for dep in PIPELINE[path.stem].get("deps", []) if dep.startswith("src/")]


def test_importing_a_stage_does_nothing(tmp_path):
    code = "; ".join(f"import ethocache.stages.{path.stem}" for path in STAGES)
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_a_stage_touches_only_what_dvc_knows_of(path):
    texts = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    places = {text for text in texts if text.split("/")[0] in {"data", "metrics", "models", "plots", "report"} and " " not in text}
    stage = PIPELINE[path.stem]
    known = [item if isinstance(item, str) else next(iter(item)) for part in ("deps", "outs", "metrics") for item in stage.get(part, [])]
    known = [item.replace("/${backbone}", "").replace("/${head}", "").split("${item}")[0] for item in known]
    if path.stem == "index":  # it refuses data folders in which any stage would write
        known += [item for stage in PIPELINE.values() for item in outputs(stage)]
    assert {place for place in places if not any(_same_or_inside(place.rstrip("/"), item) for item in known)} == set()


def outputs(stage):
    return [item if isinstance(item, str) else next(iter(item)) for part in ("outs", "metrics") for item in stage.get(part, [])]


def test_index_protects_the_labs_files_from_the_outputs_of_every_stage():
    from ethocache.endtoend.new_project import templates
    from ethocache.stages.index import RESULTS

    protected = {path.as_posix() for path in RESULTS}
    made = {"/".join(item.split("/")[: 2 if item.startswith("data/") else 1]) for stage in PIPELINE.values() for item in outputs(stage)}
    assert made - {"data/index.json"} == protected
    assert set(templates.results()) == made | {"store"}, "and so does `ethocache init`"


def test_every_revision_makes_the_stages_stale_whose_results_it_changes():
    """In a project without our source files, nothing else tells DVC of another version."""
    from ethocache.endtoend.revisions import REVISIONS

    assert set(REVISIONS) == set(PIPELINE) - {"index"}
    assert all(f"data/recipes/code/{stage}.json" in PIPELINE[stage]["deps"] for stage in REVISIONS)
    said = {name for name in imports(SOURCE / "endtoend/revisions.py") if name.endswith("REVISION")}
    stated = {
        f"ethocache.{'.'.join(path.relative_to(SOURCE).with_suffix('').parts)}.{name}"
        for path in MODULES
        for name in re.findall(r"^(\w*REVISION) = \d", path.read_text(), re.MULTILINE)
    }
    of_index = {
        f"ethocache.dataset.{module}.REVISION" for module in ("sessions", "individuals", "label_files", "snapshot", "correcting")
    }  # it always runs
    assert stated - of_index == said


def _same_or_inside(place: str, item: str) -> bool:
    return f"{item}/".startswith(f"{place}/") or place.startswith(f"{item}/")


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_a_stage_tracks_the_sections_that_it_reads(path):
    """`index` checks all sections; every other stage tracks the one of its name. data.dir only says where files are."""
    text = path.read_text()
    read = set(re.findall(r'read_section\(\w+, "(\w+)"', text)) - {"data"}
    tracked = set(PIPELINE[path.stem].get("params", [])) - {"head", "backbone", "data", "labels"}
    assert read == tracked


def sections():
    from ethocache.endtoend.project import SECTIONS

    return SECTIONS


def test_params_yaml_holds_every_setting_of_every_section_and_no_other():
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    assert set(params) == {"head", "backbone", "heads", "backbones", *sections()}
    for name, model in sections().items():
        assert set(params[name]) == set(model.model_fields), name


def test_no_setting_has_a_name_that_dvc_leaves_out_of_its_run_cache():
    """It drops these from the parameters too (dvc/stage/cache.py), and so would hand out the results of another value as this one's."""
    names = {(section, name) for section, model in sections().items() for name in model.model_json_schema()["properties"]}
    assert {name for _, name in names} & {"size", "nfiles"} == set()


def test_params_yaml_states_the_defaults_of_the_code():
    """Else a project that leaves a line out would silently get another setting than the one that it reads here."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    for name, model in sections().items():
        stated = model.model_validate(params[name])
        for field, info in model.model_fields.items():
            if name != "data" and not info.is_required():
                assert getattr(stated, field) == info.get_default(call_default_factory=True), f"{name}.{field}"


def test_dvc_changes_only_the_line_that_it_is_told_to(tmp_path):
    """`dvc exp run -S head=tcn` rewrites params.yaml; what it would format otherwise must not drown that change."""
    from dvc.utils.serialize import modify_yaml

    before = (ROOT / "params.yaml").read_text()
    path = tmp_path / "params.yaml"
    path.write_text(before)
    with modify_yaml(str(path)) as params:
        params["head"] = "tcn"
    changed = [(a, b) for a, b in zip(before.splitlines(), path.read_text().splitlines(), strict=True) if a != b]
    assert [(a.split("#")[0].strip(), b.split("#")[0].strip()) for a, b in changed] == [("head: lstm", "head: tcn")]


def test_index_loads_no_heavy_library():
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); import ethocache.endtoend.project, ethocache.dataset.index"
    code += f"; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_no_file_is_too_long_to_read_in_one_go():
    assert [str(path) for path in MODULES if len(path.read_text().splitlines()) > 300] == []


def test_nothing_names_a_machine_or_a_package_host():
    words = ("/" + "work/", "/" + "root/", "/" + "tmp/", "index" + "-url", "extra" + "-index")
    for path in [*MODULES, ROOT / "pyproject.toml", ROOT / "params.yaml", ROOT / "dvc.yaml", ROOT / "README.md"]:
        text = path.read_text(encoding="utf-8")
        assert not [word for word in words if word in text], path
