"""Write settings into params.yaml and leave all else as it is: comments, order, quotes."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ethocache.common.errors import InputError
from ethocache.common.files import write_text

_EOL, _WIDE = 2, 100_000  # where ruamel.yaml keeps what follows a value; no line is folded


def set_params(path: Path, values: Mapping[tuple[str, ...], Any]) -> None:
    """Set values in a YAML file at once; sections that are not there yet are made.

    Parameters
    ----------
    values
        Such as ``{("heads", "lstm", "units"): 128}``; each a text, number, yes or no, or a list of these.

    Raises
    ------
    InputError
        If the file is missing or not YAML, or a section is no section. It is then as it was.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()  # reads and writes with comments
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    try:
        content = yaml.load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} is not there: run from the project's folder") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    for place, value in values.items():
        _set(content, place, value, path)
    text = io.StringIO()
    yaml.dump(content, text)
    write_text(path, text.getvalue())


def _set(section: Any, place: tuple[str, ...], value: Any, path: Path) -> None:
    from ruamel.yaml.comments import CommentedMap

    for depth, name in enumerate(place[:-1], 1):
        if section.get(name) is None:
            _put(section, name, CommentedMap())
        section = section[name]
        if not isinstance(section, CommentedMap):
            raise InputError(f"{path}: {'.'.join(place[:depth])}: expected 'setting: value' lines, found {section!r}")
    _put(section, place[-1], _in_one_line(value) if isinstance(value, (list, tuple)) else value)


def _put(section: Any, name: str, value: Any) -> None:
    if name in section or not section:
        section[name] = value
        return
    below = _comment_below(section)
    section[name] = value
    if below:  # it belongs to what comes next, and would otherwise stand above the new line
        section.ca.items[name] = [None, None, below, None]


def _comment_below(section: Any) -> Any:
    """Take away the lines of comment, and empty lines, that ruamel.yaml hangs on the last value of a section; None if there are none."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.tokens import CommentToken

    last: Any = len(section) - 1 if isinstance(section, CommentedSeq) else next(reversed(section))
    if isinstance(section[last], (CommentedMap, CommentedSeq)) and section[last] and not section[last].fa.flow_style():
        return _comment_below(section[last])
    place = 0 if isinstance(section, CommentedSeq) else _EOL
    token = (section.ca.items.get(last) or [None] * 4)[place]
    if token is None or not (rest := token.value.partition("\n")[2]):
        return None
    own = token.value.partition("\n")[0]
    section.ca.items[last][place] = CommentToken(f"{own}\n", token.start_mark, None) if own else None
    return CommentToken(f"\n{rest}", token.start_mark, None)


def _in_one_line(values: Any) -> Any:
    from ruamel.yaml.comments import CommentedSeq

    listed = CommentedSeq(values)
    listed.fa.set_flow_style()
    return listed
