"""Which videos are tagged: those whose names tables can hold."""

import os
from pathlib import Path

from ethocache.endtoend.packs.videos import with_plain_names


def test_a_path_that_is_no_text_is_told_and_the_others_are_kept(tmp_path):
    odd, fine, problems = tmp_path / os.fsdecode(b"\xff.mp4"), Path("Ratte \u00fc.mp4"), []
    assert with_plain_names([odd, fine], problems) == [fine]
    (told,) = problems
    assert told.encode().endswith(b".mp4': expected a path in Unicode (UTF-8), found other bytes; rename it")
