"""The zip that a pack is: written with the same bytes each time, read as if somebody hostile had made it.

Members lie beside each other and are stored as they are. So no name can lead out of a folder, and nothing unfolds into more than
the file's own length; a manifest holds the size and the sha256 of each. Nothing in a pack is unpickled or run.
"""

import hashlib
import json
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ethocache.common.errors import InputError, did_you_mean
from ethocache.common.files import replacing, sha256_of_file
from ethocache.dataset.text import shown

MANIFEST = "manifest.json"
FORMAT, FORMAT_VERSION = "ethocache pack", 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_MOST_MEMBERS, _MOST_MANIFEST_BYTES = 500, 2**20
_BLOCK = 2**20
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip knows no date before
_GET_AGAIN = "get the pack again from who made it"


def write_archive(path: Path, members: Mapping[str, bytes | Path], made_by: str) -> str:
    """Write a pack at once; the same members give the same bytes, in whatever order and whenever.

    Parameters
    ----------
    members
        Name -> content, or the file that holds it.
    made_by
        Our version.

    Returns
    -------
    str
        The sha256 of the file.
    """
    if strange := [name for name in members if not _NAME.fullmatch(name) or name == MANIFEST]:
        raise ValueError(f"Expected plain names of members, got {strange}")
    files = {name: _described(members[name]) for name in sorted(members)}
    manifest = {"format": FORMAT, "format_version": FORMAT_VERSION, "made_by": made_by, "files": files}
    with replacing(path, sum(file["bytes"] for file in files.values())) as temporary:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            _write(archive, MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
            for name in files:
                _write(archive, name, members[name])
        return sha256_of_file(temporary)


class Archive:
    """An opened pack whose names and sizes are as its manifest says; its members' content is checked as it is read."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self._archive = path, archive
        infos = archive.infolist()
        _check_members(infos, path)
        manifest = self._read_manifest()
        self.made_by = str(manifest["made_by"])
        self.files: dict[str, dict[str, Any]] = manifest["files"]
        self._check_sizes(infos)

    @property
    def content(self) -> dict[str, str]:
        """Name -> sha256 of each member: what stands for the pack."""
        return {name: str(file["sha256"]) for name, file in self.files.items()}

    def read(self, name: str) -> bytes:
        """Return a member's bytes.

        Raises
        ------
        InputError
            If it is not there, or not what the manifest says.
        """
        if name not in self.files:
            raise InputError(f"{self.path}: expected '{name}' in the pack, found none; {_GET_AGAIN}")
        return b"".join(self._blocks(name))

    def check(self) -> None:
        """Read every byte, and raise `InputError` where one is not what the manifest says."""
        for name in self.files:
            for _ in self._blocks(name):
                pass

    def extract(self, folder: Path) -> None:
        """Write every member into a folder, checked."""
        for name in self.files:
            with (folder / name).open("xb") as file:
                file.writelines(self._blocks(name))

    def _blocks(self, name: str) -> Iterator[bytes]:
        """Give a member's content; raises at its end if it was not what the manifest says."""
        digest = hashlib.sha256()
        with _zip_errors(self.path), self._archive.open(name) as member:
            for block in _in_blocks(member):
                digest.update(block)
                yield block
        if digest.hexdigest() != self.files[name]["sha256"]:
            raise InputError(f"{self.path}: '{name}' is not what its manifest says: the pack was changed or damaged; {_GET_AGAIN}")

    def _read_manifest(self) -> dict[str, Any]:
        if MANIFEST not in self._archive.namelist():
            raise InputError(f"{self.path}: expected a pack of ethocache, found a zip without {MANIFEST}; make one with 'ethocache pack'")
        if self._archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST_BYTES:
            raise InputError(f"{self.path}: its {MANIFEST} is larger than any pack's; {_GET_AGAIN}")
        with _zip_errors(self.path):
            text = self._archive.read(MANIFEST)
        try:
            manifest = json.loads(text)
            _check_version(manifest, self.path)
            if any(not re.fullmatch(r"[0-9a-f]{64}", file["sha256"]) or file["bytes"] < 0 for file in manifest["files"].values()):
                raise ValueError("a digest that is none")
            return {"made_by": manifest["made_by"], "files": manifest["files"]}
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{self.path}: its {MANIFEST} is damaged ({reason}); {_GET_AGAIN}") from None

    def _check_sizes(self, infos: list[zipfile.ZipInfo]) -> None:
        found = {info.filename: info.file_size for info in infos if info.filename != MANIFEST}
        told = {name: file["bytes"] for name, file in self.files.items()}
        if found != told:
            first = sorted(name for name in found.keys() | told.keys() if found.get(name) != told.get(name))[0]
            raise InputError(
                f"{self.path}: '{first}' has {_bytes(found.get(first))}, but {_bytes(told.get(first))} in {MANIFEST}: the pack was changed "
                f"or damaged; {_GET_AGAIN}"
            )


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a pack.

    Raises
    ------
    InputError
        In one line, if it is not there, is no pack, is cut, was changed, or was made by a newer version of ours.
    """
    if not path.is_file():
        near = did_you_mean(path.name, [other.name for other in path.parent.glob("*.zip")]) if path.parent.is_dir() else ""
        raise InputError(f"{path}: expected a pack (a .zip that 'ethocache pack' wrote), found no file{near}")
    with _zip_errors(path):
        archive = zipfile.ZipFile(path)
    with archive:
        yield Archive(path, archive)


@contextmanager
def _zip_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, NotImplementedError, EOFError, UnicodeDecodeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path}: expected a pack (a .zip), found something else, or a cut or damaged one ({reason}); {_GET_AGAIN}"
        ) from None


def _check_members(infos: list[zipfile.ZipInfo], path: Path) -> None:
    """Refuse what no pack holds: too many members, paths, one name twice, links, folders, anything compressed, encrypted or overlapping."""
    if len(infos) > _MOST_MEMBERS:
        raise InputError(f"{path}: expected at most {_MOST_MEMBERS} files in a pack, found {len(infos)}; {_GET_AGAIN}")
    seen: set[str] = set()
    for info in infos:
        if not _NAME.fullmatch(info.orig_filename) or ".." in info.orig_filename:
            raise InputError(f"{path}: expected plain names of files in a pack, found {info.orig_filename[:80]!a}; it is not opened")
        if info.filename.casefold() in seen:
            raise InputError(f"{path}: '{info.filename}' stands in it twice; it is not opened")
        seen.add(info.filename.casefold())
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or info.flag_bits & 1 or info.compress_type != zipfile.ZIP_STORED:
            raise InputError(f"{path}: '{info.filename}' is a link, or packed otherwise than packs are; it is not opened")
    if sum(info.file_size for info in infos) > path.stat().st_size:
        raise InputError(f"{path}: its files would be larger than itself; it is not opened")


def _check_version(manifest: Any, path: Path) -> None:
    if manifest["format"] != FORMAT:
        raise ValueError(f"format {manifest['format']!r}")
    version, maker = manifest["format_version"], shown(str(manifest["made_by"]))
    if not isinstance(version, int) or version < 1:
        raise ValueError(f"version {version!r}")
    if version != FORMAT_VERSION:
        raise InputError(
            f"{path}: a pack of format {version}, made by ethocache {maker}; this one reads format {FORMAT_VERSION}: "
            f"{'update ethocache' if version > FORMAT_VERSION else 'make the pack again'}"
        )


def _described(content: bytes | Path) -> dict[str, Any]:
    if isinstance(content, bytes):
        return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return {"bytes": content.stat().st_size, "sha256": sha256_of_file(content)}


def _write(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> None:
    info = zipfile.ZipInfo(name, _EARLIEST)
    info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16  # as on POSIX, on any system
    info.file_size = len(content) if isinstance(content, bytes) else content.stat().st_size  # large ones need longer headers
    with archive.open(info, "w") as member:
        if isinstance(content, bytes):
            member.write(content)
        else:
            with content.open("rb") as file:
                for block in _in_blocks(file):
                    member.write(block)


def _in_blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _bytes(size: int | None) -> str:
    return "no place" if size is None else f"{size} bytes"
