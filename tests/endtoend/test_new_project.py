"""`ethocache init`: whatever a lab's folder looks like, a project comes of it, or one line that says why not."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline import ROOT, TINY, Project, environment_of_a_user
from typer.testing import CliRunner

from ethocache.cli import app
from ethocache.common.errors import InputError
from ethocache.endtoend.demo import write_demo
from ethocache.endtoend.new_project import make_project, templates
from ethocache.endtoend.project import read_project
from ethocache.endtoend.revisions import REVISIONS, code_of

BOUTS = "behaviour,start_s,stop_s\ngrooming,1,2\nrearing,3,4\n"
ONE_HOT = "frame,background,digging\n0,1,0\n1,0,1\n"
TRACK = "scorer,net,net,net\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\n0,1,2,0.9\n"
SCORER = "DLC_resnet50_openfieldMay1shuffle1_50000"
NO_GIT_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "EMAIL": ""}


def put(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def a_lab(folder: Path, *stems: str) -> Path:
    """Videos (without content), tracks and labels, as docs/first-project.md has them."""
    for stem in stems or ("WT_01", "WT_02", "HD_03"):
        put(folder, {f"videos/{stem}.mp4": "", f"videos/{stem}{SCORER}.csv": TRACK, f"labels/{stem}.csv": BOUTS})
    return folder


def params(project: Path) -> dict:
    return yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))


def git(folder: Path, *arguments: str) -> str:
    environment = environment_of_a_user()
    return subprocess.run(("git", *arguments), cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(folder: Path, data: Path | None = None) -> str:
    """The message; nothing may have been written."""
    place = data or folder.parent
    before = everything(place), everything(folder.parent)
    with pytest.raises(InputError) as caught:
        make_project(folder, data)
    assert (everything(place), everything(folder.parent)) == before
    return str(caught.value)


@pytest.fixture(autouse=True)
def in_a_scratch_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, value in environment_of_a_user().items():
        if name.startswith("GIT_"):
            monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab") / "vidéos of the lab"
    write_demo(folder, animals=3, unlabelled=1, seconds=6, size=(96, 72))
    return folder


class TestThePipelineRuns:
    """The real stages, far from the clone, on tiny rendered videos."""

    def test_in_a_new_project_and_again_only_what_a_newer_version_decides(self, videos, tmp_path):
        project = Project(tmp_path / "my project")
        done = subprocess.run(
            ("ethocache", "init", "my project", "--data", str(videos)),
            env=environment_of_a_user(),
            text=True,
            capture_output=True,
            check=True,
        )
        assert done.stdout.startswith("ethocache: my project is a project now, with 4 videos, 4 tracks, 3 files of labels (bouts_csv)")
        assert "next: cd 'my project'" in done.stdout
        project.edit_params(**TINY)
        assert project.counting("dvc", "repro") == (4, 4, 1)
        assert len(list(project.folder.glob("data/tags/*.csv"))) == 1
        assert project.counting("dvc", "repro") == (0, 0, 0)
        project.run("git", "add", "dvc.lock", "metrics", "params.yaml")
        project.commit()
        assert project.counting("dvc", "exp", "run", "-q", "-S", "head=tcn") == (0, 0, 1)
        assert "metrics.json" in project.run("dvc", "metrics", "diff")
        assert (
            project.run("git", "status", "--porcelain", "--untracked-files=all", "--", ".", ":!dvc.lock", ":!metrics", ":!params.yaml")
            == ""
        )

        newer = shutil.copytree(ROOT / "src", tmp_path / "newer", ignore=shutil.ignore_patterns("__pycache__"))
        trainings = newer / "ethocache/sequence/trainings.py"
        trainings.write_text(re.sub(r"(?m)^REVISION = \d+", "REVISION = 1000", trainings.read_text()))
        assert project.counting("env", f"PYTHONPATH={newer}", "dvc", "repro") == (0, 0, 1)
        assert "Running stage 'train'" in project.output
        assert "Running stage 'extract'" not in project.output

    @pytest.mark.slow
    def test_in_a_folder_of_somebody_elses_repository(self, videos, tmp_path):
        put(tmp_path / "repo", {"analysis.R": "1\n"})
        git(tmp_path / "repo", "init", "-q")
        git(tmp_path / "repo", "add", "-A")
        git(tmp_path / "repo", "commit", "-q", "-m", "theirs")
        said = make_project(tmp_path / "repo/mice", videos)
        assert "git add .gitignore .dvcignore .dvc dvc.yaml params.yaml" in said
        assert git(tmp_path / "repo", "log", "--format=%s") == "theirs\n"
        assert not (tmp_path / "repo/mice/.git").exists()
        project = Project(tmp_path / "repo/mice")
        project.edit_params(**TINY)
        project.commit()
        assert project.counting("dvc", "repro") == (4, 4, 1)
        project.commit()
        project.run("dvc", "exp", "run", "-q", "--queue", "-S", "head=linear")
        assert project.counting("dvc", "exp", "run", "-q", "--run-all") == (0, 0, 1)


class TestWhatIsFound:
    def test_everything_that_the_files_can_tell_is_in_params_yaml(self, tmp_path):
        said = make_project(tmp_path / "new", a_lab(tmp_path / "lab"))
        data = params(tmp_path / "new")["data"]
        assert data == {
            "dir": (tmp_path / "lab").as_posix(),
            "videos": "videos/*.mp4",
            "tracks": "videos/*.csv",
            "labels": "labels/*",
            "corrections": "corrections/*.csv",
            "name": "{animal}",
            "behaviours": ["grooming", "rearing"],
            "fps": None,
            "individuals": "together",
            "views": None,
            "reference_view": None,
            "clocks": "motion",
        }
        assert said.splitlines()[0].endswith(
            f"3 videos, 3 tracks, 3 files of labels (bouts_csv) in {data['dir']}, behaviours: grooming, rearing"
        )
        assert "each video counts as an animal of its own: say what the parts of a name such as 'HD_03' are" in said
        read_project(tmp_path / "new/params.yaml")

    def test_all_else_in_params_yaml_is_as_it_is_shipped_comments_too(self, tmp_path):
        make_project(tmp_path / "new", a_lab(tmp_path / "lab"))
        ours, shipped = ((folder / "params.yaml").read_text().splitlines() for folder in (tmp_path / "new", ROOT))
        changed = {line.split(":")[0].strip() for line in set(ours) ^ set(shipped)}
        assert changed == {"labels", "dir", "name", "- rearing", "- mid_rearing", "- wall_rearing"}
        assert "# folder of the videos: relative to this file, or absolute" in next(line for line in ours if line.startswith("  dir:"))

    def test_without_tracks_the_whole_frame_is_taken_and_said_so(self, tmp_path):
        lab = put(tmp_path / "lab", {"a.avi": "", "b.avi": "", "a.txt": BOUTS})
        said = make_project(tmp_path / "new", lab)
        assert params(tmp_path / "new")["track"]["source"] == "none"
        assert "there are no DeepLabCut files, so the whole frame is used" in said
        assert (params(tmp_path / "new")["data"]["videos"], params(tmp_path / "new")["data"]["labels"]) == ("*.avi", "*.txt")

    def test_without_labels_behaviours_are_asked_for(self, tmp_path):
        lab = put(tmp_path / "lab", {"videos/a.mp4": "", f"videos/a{SCORER}.csv": TRACK})
        assert "there are no labels: set data.labels and data.behaviours" in make_project(tmp_path / "new", lab)
        with pytest.raises(InputError, match="data: 'behaviours': expected the names that your labels use"):
            read_project(tmp_path / "new/params.yaml")

    def test_sessions_without_videos_are_found_by_their_tracks(self, tmp_path):
        lab = put(tmp_path / "lab", {f"t/a{SCORER}.csv": TRACK, f"t/b{SCORER}.csv": TRACK, "l/a_annot.csv": BOUTS, "l/b_annot.csv": BOUTS})
        assert "there are no videos: for sessions of a track and labels alone, set data.fps" in make_project(tmp_path / "new", lab)
        assert params(tmp_path / "new")["labels"]["name"] == "{video}_annot"

    def test_several_formats_of_labels_and_endings_are_found(self, tmp_path):
        lab = put(tmp_path / "lab", {"v/a.MP4": "", "v/b.mp4": "", "l/a.csv": BOUTS, "l/b.csv": ONE_HOT, "README.txt": "hello"})
        said = make_project(tmp_path / "new", lab)
        assert "2 files of labels (bouts_csv, one_hot_csv)" in said
        assert params(tmp_path / "new")["data"]["videos"] == "v/*.[Mm][Pp]4"
        assert params(tmp_path / "new")["data"]["behaviours"] == ["digging", "grooming", "rearing"]

    @pytest.mark.parametrize(
        ("files", "videos", "labels", "name"),
        [
            (("day1/a.mp4", "day2/b.mp4", "day1/a.csv", "day2/b.csv"), "**/*.mp4", "**/*.csv", "{video}"),
            (("x/day1/a.mp4", "x/day2/b.mp4", "l/a_labels.csv", "l/b_labels.csv"), "x/**/*.mp4", "l/*", "{video}_labels"),
            (("v/a.mp4", "l/a_anna.csv", "l/a_ben.csv"), "v/*.mp4", "l/*", "{video}_{rater}"),
            (("v/a.mp4", "v/b.avi", "l/a.csv"), "v/*.[am][pv][4i]", "l/*", "{video}"),
            (("v [1]/a.mp4", "v [1]/ü b.mp4", "l/a.csv"), "v [[]1]/*.mp4", "l/*", "{video}"),
            (("v/a.mp4", "v/a_2.mp4", "l/a_2.csv"), "v/*.mp4", "l/*", "{video}"),
            (("v/a.mp4", "l/a{1}.csv"), "v/*.mp4", "l/*", "{video}"),
            (("v/WT_01.mp4", "l/WT_01.csv", "l/how we scored.rtf"), "v/*.mp4", "l/*.csv", "{video}"),
            (("v/WT_01.mp4", "l/WT_01_labels.csv", "l/how.rtf"), "v/*.mp4", "l/*.csv", "{video}_labels"),
        ],
    )
    def test_patterns_and_names_are_those_that_a_person_would_write(self, tmp_path, files, videos, labels, name):
        lab = put(tmp_path / "lab", {file: BOUTS if file.endswith(".csv") else "" for file in files})
        make_project(tmp_path / "new", lab)
        found = params(tmp_path / "new")
        assert (found["data"]["videos"], found["data"]["labels"], found["labels"]["name"]) == (videos, labels, name)

    @pytest.mark.parametrize(("label", "pattern"), [("WT_01_labels.csv", "*_labels.csv"), ("WT_01.csv", "*.csv")])
    def test_one_labels_file_beside_its_track_gives_a_pattern_for_more_of_them_and_is_named(self, tmp_path, label, pattern):
        lab = put(tmp_path / "lab", {"WT_01.mp4": "", f"WT_01{SCORER}.csv": TRACK, label: BOUTS})
        said = make_project(tmp_path / "new", lab)
        assert params(tmp_path / "new")["data"]["labels"] == pattern
        assert f"data.labels is '{pattern}', guessed from {label} alone: see that it fits those to come" in said
        assert ("put the labels into a folder of their own" in said) == (pattern == "*.csv")

    def test_what_our_own_exports_call_not_scored_is_set_as_that(self, tmp_path):
        lab = put(a_lab(tmp_path / "lab"), {"labels/WT_01.csv": BOUTS + "not_scored,5,9\n"})
        said = make_project(tmp_path / "new", lab)
        found = params(tmp_path / "new")
        assert (found["labels"]["not_scored"], found["data"]["behaviours"]) == (["not_scored"], ["grooming", "rearing"])
        assert "'not_scored' in the labels is taken for time in which nobody looked (labels.not_scored)" in said
        assert "cannot be a behaviour" not in said

    def test_tracks_and_labels_in_one_folder_are_told_apart_by_their_names(self, tmp_path):
        lab = put(tmp_path / "lab", dict.fromkeys(("a.mp4", "b.mp4"), ""))
        put(lab, {f"a{SCORER}.csv": TRACK, f"b{SCORER}.csv": TRACK, "a_labels.csv": BOUTS, "b_labels.csv": BOUTS})
        make_project(tmp_path / "new", lab)
        found = params(tmp_path / "new")
        assert (found["data"]["tracks"], found["data"]["labels"]) == (f"*{SCORER[SCORER.index('_') :]}.csv", "*_labels.csv")
        assert found["labels"]["name"] == "{video}_labels"

    def test_tracks_that_no_pattern_has_for_itself_are_found_by_content_later(self, tmp_path):
        lab = put(tmp_path / "lab", {"v/a.mp4": "", "v/b.mp4": "", f"v/a{SCORER}.csv": TRACK, f"w/b{SCORER}.csv": TRACK, "l/b.csv": BOUTS})
        said = make_project(tmp_path / "new", lab)
        assert params(tmp_path / "new")["data"]["tracks"] == f"**/*{SCORER[SCORER.index('_') :]}.csv"
        (lab / f"w/b{SCORER}.csv").rename(lab / "w/b.csv")
        said = make_project(tmp_path / "wide", lab)
        assert params(tmp_path / "wide")["data"]["tracks"] == "**/*.csv"
        assert "data.tracks" not in said

    def test_where_no_pattern_takes_labels_only_the_remedy_is_said(self, tmp_path):
        lab = put(tmp_path / "lab", {"a.mp4": "", f"a{SCORER}.csv": TRACK, "a.csv": BOUTS, "b.csv": BOUTS})
        said = make_project(tmp_path / "new", lab)
        assert f"data.labels: '*.csv' takes a{SCORER}.csv too; put the labels into a folder of their own" in said

    def test_what_a_pattern_leaves_out_is_said(self, tmp_path):
        lab = put(tmp_path / "lab", {"v/a.mp4": "", "v/b.mp4": "", "v/c.mpeg": "", "v/notes.rtf": "", "l/a.csv": BOUTS})
        said = make_project(tmp_path / "new", lab)
        assert "data.videos: 'v/*.mp4' leaves out v/c.mpeg; put all videos into one folder" in said

    @pytest.mark.parametrize(
        ("files", "note"),
        [
            (
                {"labels/x.csv": "behaviour,start_s,stop_s\ngrooming,one,2\n"},
                "not read: labels/x.csv: line 2, column 'start_s': expected a number",
            ),
            (
                {"labels/x.csv": "when,what\n1,2\n"},
                "labels/x.csv: neither a track nor labels that can be read (no format of labels recognises the header 'when, what')",
            ),
            ({"labels/x.csv": "behaviour,start,stop\ngrooming,1,2\n"}, "seconds or frames? labels/x.csv does not say: set labels.unit"),
            ({"labels/x.csv": "behaviour,start_s,stop_s\nGrooming,1,2\n"}, "look like one behaviour: if they are, set labels.rename"),
            (
                {"labels/x.csv": "behaviour,start_s,stop_s\nnone,1,2\n"},
                "'none' in the labels cannot be a behaviour ('none' is a word of the metrics",
            ),
            ({"videos/x.mp4": ""}, "no DeepLabCut file belongs to videos/x.mp4: put it beside the others"),
            ({f"videos/WT_01{SCORER}_labeled.mp4": ""}, "may be drawn by DeepLabCut: move such videos out"),
        ],
    )
    def test_what_a_person_should_know_is_said_and_stops_nothing(self, tmp_path, files, note):
        said = make_project(tmp_path / "new", put(a_lab(tmp_path / "lab"), files))
        assert note in said
        assert params(tmp_path / "new")["data"]["behaviours"] == ["grooming", "rearing"]

    def test_a_typing_error_among_the_behaviours_is_told_with_both_things_that_mend_it(self, tmp_path):
        lab = put(a_lab(tmp_path / "lab"), {"labels/HD_03.csv": BOUTS.replace("grooming", "groming")})
        said = make_project(tmp_path / "new", lab)
        assert "'groming' (once) and 'grooming' (2 times) look like one behaviour" in said
        assert "set labels.rename: {'groming': 'grooming'} and take 'groming' out of data.behaviours" in said
        assert params(tmp_path / "new")["data"]["behaviours"] == ["groming", "grooming", "rearing"]

    @pytest.mark.skipif(os.name == "nt", reason="links need a right there")
    def test_a_folder_that_links_to_itself_ends(self, tmp_path):
        lab = a_lab(tmp_path / "lab")
        (lab / "videos/again").symlink_to(lab)
        assert "3 videos, 3 tracks, 3 files" in make_project(tmp_path / "new", lab)


class TestWhereItIsMade:
    @pytest.mark.parametrize("name", ["project", "my project", "projecté ü", "a/b/c"])
    def test_a_new_folder_gets_room_for_recordings(self, tmp_path, name):
        said = make_project(tmp_path / name)
        assert (tmp_path / name / "recordings/videos").is_dir()
        assert (tmp_path / name / "recordings/labels").is_dir()
        assert "put videos and DeepLabCut files into recordings/videos, labels into recordings/labels" in said
        assert params(tmp_path / name)["data"]["dir"] == "recordings"
        assert git(tmp_path / name, "log", "--format=%s") == "A new ethocache project\n"
        assert git(tmp_path / name, "status", "--porcelain") == ""

    @pytest.mark.parametrize("subfolder", ["my videos", "data/mylab", "#1 [best]!", "données"])
    def test_files_in_one_subfolder_stay_there_and_out_of_git(self, tmp_path, subfolder):
        a_lab(tmp_path / "p" / subfolder)
        make_project(tmp_path / "p")
        assert params(tmp_path / "p")["data"]["dir"] == subfolder
        assert git(tmp_path / "p", "status", "--porcelain", "--untracked-files=all") == ""
        assert "videos" not in git(tmp_path / "p", "ls-files")

    def test_the_folder_that_data_names_may_be_inside_too(self, tmp_path):
        a_lab(tmp_path / "p/raw")
        make_project(Path("p"), Path("p/raw"))
        assert params(tmp_path / "p")["data"]["dir"] == "raw"

    @pytest.mark.parametrize("place", ["", "data", "data/labels", "models"])
    def test_files_where_results_would_be_written_are_refused_with_the_way_out(self, tmp_path, place):
        a_lab(tmp_path / "p" / place)
        assert "your files stay where they are: ethocache init NEWDIR --data " in refused(tmp_path / "p")

    def test_a_folder_around_the_project_is_no_data_folder(self, tmp_path):
        a_lab(tmp_path / "lab")
        assert "overlaps with" in refused(tmp_path / "lab/project", tmp_path / "lab")

    @pytest.mark.parametrize("name", ["params.yaml", "dvc.yaml"])
    def test_what_is_there_is_never_overwritten(self, tmp_path, name):
        put(tmp_path / "p", {name: "mine\n"})
        assert f"{name} is there already" in refused(tmp_path / "p")
        make_project(tmp_path / "twice")
        assert "params.yaml is there already: this is a project" in refused(tmp_path / "twice")

    @pytest.mark.parametrize("name", [".dvc", "recordings", "p"])
    def test_a_file_in_the_place_of_a_folder_is_refused(self, tmp_path, name):
        path = tmp_path / "p" if name == "p" else tmp_path / "p" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        assert "is a file" in refused(tmp_path / "p")

    def test_a_data_folder_that_is_not_there_or_holds_nothing_is_refused(self, tmp_path):
        assert "--data: expected the folder of your files, found none at" in refused(tmp_path / "p", tmp_path / "nowhere")
        put(tmp_path / "lab", {"x.csv": "when,what\n1,2\n"})
        message = refused(tmp_path / "p", tmp_path / "lab")
        assert "--data: expected videos, DeepLabCut files or labels in" in message
        assert "x.csv: no format of labels recognises the header 'when, what'" in message

    def test_ignore_files_keep_their_lines(self, tmp_path):
        put(tmp_path / "p", {".gitignore": "secret\n/models/\n", ".dvcignore": "mine", ".dvc/config": "[core]\n    autostage = true\n"})
        make_project(tmp_path / "p")
        lines = (tmp_path / "p/.gitignore").read_text().splitlines()
        assert lines[:2] == ["secret", "/models/"]
        assert lines.count("/models/") == 1
        assert (tmp_path / "p/.dvcignore").read_text().splitlines()[0] == "mine"
        assert "autostage = true" in (tmp_path / "p/.dvc/config").read_text()


class TestGit:
    def test_a_first_commit_needs_no_settings_and_the_user_is_told(self, tmp_path, monkeypatch):
        for name, value in NO_GIT_SETTINGS.items():
            monkeypatch.setenv(name, value)
        for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
            monkeypatch.delenv(name, raising=False)
        settings = put(tmp_path, {"settings": "[user]\n    useConfigOnly = true\n[commit]\n    gpgsign = true\n"}) / "settings"
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
        said = make_project(tmp_path / "p")
        assert "git does not know who you are" in said
        assert git(tmp_path / "p", "log", "--format=%an %ae") == "ethocache ethocache@localhost\n"
        assert "user" not in (tmp_path / "p/.git/config").read_text()

    def test_an_empty_repository_gets_its_first_commit_and_nothing_else_of_the_user(self, tmp_path):
        put(tmp_path / "p", {"thesis.txt": "mine\n"})
        git(tmp_path / "p", "init", "-q")
        git(tmp_path / "p", "add", "thesis.txt")
        make_project(tmp_path / "p")
        assert "thesis.txt" not in git(tmp_path / "p", "ls-tree", "-r", "--name-only", "HEAD")
        assert git(tmp_path / "p", "status", "--porcelain") == "A  thesis.txt\n"

    def test_a_folder_that_its_repository_ignores_is_refused(self, tmp_path):
        git(tmp_path, "init", "-q")
        put(tmp_path, {".gitignore": "/p/\n"})
        assert f"the git repository of {tmp_path} ignores this folder; run 'git init" in refused(tmp_path / "p")

    def test_a_repository_that_git_refuses_is_said_in_its_words(self, tmp_path):
        put(tmp_path / "p", {".git": "this is no repository\n"})
        assert "p: fatal: invalid gitfile format" in refused(tmp_path / "p")

    def test_without_git_one_line_says_so(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        assert refused(tmp_path / "p").startswith("git is not installed, and DVC needs it")

    def test_another_python_first_in_the_path_is_noted(self, tmp_path, monkeypatch):
        other = put(tmp_path / "bin", {"python": ""}) / "python"
        other.chmod(0o755)
        monkeypatch.setenv("PATH", os.pathsep.join((str(other.parent), os.environ["PATH"])))
        assert f"note: 'python' is {other} here, and ethocache is installed in {Path(sys.executable).parent}" in make_project(
            tmp_path / "p"
        )


def test_the_command_ends_with_one_line_and_exit_1_where_it_refuses(tmp_path):
    put(tmp_path / "p", {"params.yaml": ""})
    done = CliRunner().invoke(app, ["init", str(tmp_path / "p")])
    assert done.exit_code == 1
    assert "params.yaml is there already" in done.output
    assert "Traceback" not in done.output


def test_a_project_of_ones_own_hangs_on_revisions_and_a_clone_on_its_source_as_well(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert set(code_of("crop")) == {"revisions"}
    assert [len(code_of("train", several)["revisions"]) for several in (False, True)] == [
        len(REVISIONS["train"]),
        len(REVISIONS["train"]) + 1,
    ]
    (tmp_path / "src/ethocache").mkdir(parents=True)
    here = {stage: code_of(stage)["source"] for stage in REVISIONS}
    assert len(set(here.values())) == len(here)
    assert "/src/" not in templates.template("dvc.yaml")


def test_what_a_new_project_ignores_is_what_the_repository_ignores_of_results():
    lines = templates.ignored_by_git(None)
    assert {f"/{name}/" for name in ("store", "models", "plots")} | {"/data/*"} <= set(lines)
    assert not [line for line in lines if "demo" in line]


def test_the_settings_of_a_new_project_are_those_that_the_repository_was_committed_with():
    """Not those of the clone at the moment, to which `dvc exp run` and `ethocache tune` write."""
    committed = git(ROOT, "show", "HEAD:params.yaml")
    assert templates.template("params.yaml") in (committed, (ROOT / "params.yaml").read_text(encoding="utf-8")), (
        "a setting of params.yaml at the top belongs into new_project/template/params.yaml too"
    )


def test_what_is_tried_and_tuned_in_a_clone_does_not_go_into_a_new_project(tmp_path):
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "src", clone / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", ".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore", *templates.PLOTS):
        put(clone, {name: (ROOT / name).read_text(encoding="utf-8")})
    as_shipped = (ROOT / "params.yaml").read_text(encoding="utf-8")
    tuned = as_shipped.replace("head: lstm", "head: linear", 1).replace("    units: 64\n", "    units: 8\n    tuned_on: [WT_YFP_01]\n")
    put(clone, {"params.yaml": tuned.replace("smoothing: auto", "smoothing: none", 1)})
    make = "from pathlib import Path; from ethocache.endtoend.new_project import make_project; make_project(Path('lab'))"
    environment = environment_of_a_user() | {"PYTHONPATH": str(clone / "src")}
    subprocess.run((sys.executable, "-c", make), cwd=tmp_path, env=environment, check=True)
    of_the_lab, shipped = params(tmp_path / "lab"), yaml.safe_load(templates.template("params.yaml"))
    assert {name for name in shipped if of_the_lab[name] != shipped[name]} == {"data"}


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).filter(str.isprintable))
def test_any_text_is_read_from_params_yaml_as_it_was_written(text):
    shipped = templates.template("params.yaml")
    written = templates.set_value(templates.set_value(shipped, "data", "dir", text), "data", "behaviours", [text, "rearing"])
    read = yaml.safe_load(written)
    assert (read["data"]["dir"], read["data"]["behaviours"]) == (text, [text, "rearing"])
    assert read["heads"] == yaml.safe_load(shipped)["heads"]


def test_a_setting_that_the_shipped_file_lacks_is_a_fault_of_ours():
    with pytest.raises(KeyError, match=r"data\.nope"):
        templates.set_value("data:\n  dir: x\n", "data", "nope", "y")
