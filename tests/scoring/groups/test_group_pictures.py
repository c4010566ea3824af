"""Pictures of groups."""

import numpy as np
import pytest

from ethocache.scoring.groups.group_pictures import draw_groups


def test_pictures_show_every_group_and_behaviour_and_are_the_same_bytes_each_time(tmp_path, studied, two_groups):
    study = studied(two_groups, within=["treatment"], measures=["fraction", "distance"])
    for folder in ("one", "two"):
        draw_groups(study, tmp_path / folder)
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert names == {"groups.svg", "groups.png", "over_time.svg", "over_time.png"}
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in names)


@pytest.mark.parametrize("by", [(), ("genotype",)])
def test_animals_without_a_number_and_groups_of_one_can_be_drawn(tmp_path, studied, filmed, by):
    draw_groups(studied([filmed("a", 0, genotype="WT"), filmed("b", 0, genotype="HD")], by=by, measures=["latency_s"], errors={}), tmp_path)
    assert (tmp_path / "groups.png").stat().st_size > 1000


def test_each_animal_is_a_dot(studied, two_groups):
    from matplotlib.figure import Figure

    from ethocache.scoring.groups.group_pictures import _paint_groups

    figure = Figure()
    _paint_groups(figure, studied(two_groups, measures=["fraction"]))
    dots = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 4]
    np.testing.assert_allclose(sorted(y for line in dots for y in line.get_ydata()), [0.2, 0.3, 0.4, 0.4, 0.5, 0.5, 0.6, 0.7])
    assert "adjusted for tagging errors" in figure.get_suptitle()


def test_names_of_groups_stand_in_the_legend_as_they_are(tmp_path, studied, filmed):
    from matplotlib.figure import Figure

    from ethocache.scoring.groups.group_pictures import _paint_over_time

    names = ("_hidden", r"$\bad{$")
    study = studied([filmed(f"{name}{n}", 2, genotype=name) for name in names for n in range(2)], errors={})
    draw_groups(study, tmp_path)
    figure = Figure()
    _paint_over_time(figure, study)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == list(study.design.groups) == [names[1], names[0]]
