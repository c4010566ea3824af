"""The zip of a pack: the same bytes each time, and nothing that somebody hostile could put into one is taken."""

import json
import stat
import time
import zipfile
from pathlib import Path

import pytest

from ethocache.common.errors import InputError
from ethocache.endtoend.packs.archive import MANIFEST, open_archive, write_archive

MEMBERS: dict[str, bytes | Path] = {"model.json": b"{}", "network_1.safetensors": bytes(range(256)) * 20}


@pytest.fixture
def pack(tmp_path) -> Path:
    path = tmp_path / "model.zip"
    write_archive(path, MEMBERS, "1.2.3")
    return path


def rewritten(pack: Path, change=lambda name, content: content, extra=(), **manifest) -> Path:
    """The same zip with other content, members or words of the manifest."""
    with zipfile.ZipFile(pack) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(members[MANIFEST]) | manifest
    members[MANIFEST] = json.dumps(told).encode()
    with zipfile.ZipFile(pack, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, change(name, content))
        for info, content in extra:
            archive.writestr(info, content)
    return pack


def refused(path: Path) -> str:
    with pytest.raises(InputError) as error, open_archive(path) as archive:
        archive.check()
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{path}: ")
    return str(error.value)


def test_what_was_written_is_read(pack, tmp_path):
    (tmp_path / "out").mkdir()
    with open_archive(pack) as archive:
        archive.check()
        archive.extract(tmp_path / "out")
        assert archive.read("model.json") == b"{}"
        assert archive.made_by == "1.2.3"
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == MEMBERS


def test_the_same_members_give_the_same_bytes_later_and_in_another_order(pack, tmp_path):
    time.sleep(2.1)  # a zip counts time in steps of two seconds
    (tmp_path / "weights").write_bytes(MEMBERS["network_1.safetensors"])
    again = write_archive(tmp_path / "again.zip", {"network_1.safetensors": tmp_path / "weights", "model.json": b"{}"}, "1.2.3")
    assert (tmp_path / "again.zip").read_bytes() == pack.read_bytes()
    assert len(again) == 64


def test_a_changed_byte_is_refused(pack):
    content = bytearray(pack.read_bytes())
    content[content.index(bytes(range(256)))] ^= 1
    pack.write_bytes(content)
    assert "damaged" in refused(pack)  # the zip's own checksum sees it


def test_a_changed_member_with_a_right_checksum_of_the_zip_is_refused(pack):
    other = rewritten(pack, lambda name, content: content[::-1] if name.startswith("network") else content)
    assert "'network_1.safetensors' is not what its manifest says: the pack was changed or damaged" in refused(other)


@pytest.mark.parametrize("kept", [0, 10, 3000, -1])
def test_a_cut_pack_is_refused(pack, kept):
    pack.write_bytes(pack.read_bytes()[:kept])
    assert "expected a pack (a .zip), found something else, or a cut or damaged one" in refused(pack)


def test_a_newer_pack_is_refused_and_says_what_to_do(pack):
    said = refused(rewritten(pack, format_version=2, made_by="9.0.0"))
    assert "a pack of format 2, made by ethocache 9.0.0; this one reads format 1: update ethocache" in said


def test_another_zip_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("a.jpg", b"x")
    assert "found a zip without manifest.json; make one with 'ethocache pack'" in refused(tmp_path / "photos.zip")
    assert "its manifest.json is damaged" in refused(rewritten_as_nonsense(tmp_path / "photos.zip"))


def rewritten_as_nonsense(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MANIFEST, b"[1, 2]")
    return path


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/b", "..", "a\\b", "C:evil", "...", ".hidden", "e\u0301vil"])
def test_a_name_that_is_a_path_is_refused(pack, tmp_path, name):
    said = refused(rewritten(pack, extra=[(name, b"x")]))
    assert "expected plain names of files in a pack" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["model.json", "MODEL.json"])
def test_one_name_twice_is_refused(pack, name):
    assert f"'{name}' stands in it twice" in refused(rewritten(pack, extra=[(name, b"x")]))


def test_a_link_is_refused(pack):
    info = zipfile.ZipInfo("network_2.safetensors")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    assert "'network_2.safetensors' is a link" in refused(rewritten(pack, extra=[(info, b"/etc/passwd")]))


def test_a_member_that_unfolds_is_refused_before_it_does(pack):
    info = zipfile.ZipInfo("network_2.safetensors")
    info.compress_type = zipfile.ZIP_DEFLATED
    assert "packed otherwise than packs are" in refused(rewritten(pack, extra=[(info, bytes(10**6))]))


def test_a_member_that_no_manifest_knows_is_refused(pack):
    assert "'more.json' has 1 bytes, but no place in manifest.json" in refused(rewritten(pack, extra=[("more.json", b"x")]))


def test_a_pack_that_is_not_there_is_named_with_one_that_is(pack):
    assert "expected a pack (a .zip that 'ethocache pack' wrote), found no file, did you mean 'model.zip'?" in refused(
        pack.with_name("modle.zip")
    )


def test_a_member_that_is_not_there_is_missed(pack):
    with open_archive(pack) as archive, pytest.raises(InputError, match=r"expected 'recipes\.json' in the pack, found none"):
        archive.read("recipes.json")


def test_only_plain_names_are_written(tmp_path):
    with pytest.raises(ValueError, match="plain names"):
        write_archive(tmp_path / "model.zip", {"../x": b""}, "1")
