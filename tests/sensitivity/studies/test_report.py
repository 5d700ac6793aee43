"""The report names what moved, by how much, and what is not to be trusted."""

import pytest

from pm_dalec.cli import studies as commands
from pm_dalec.models import baseline
from pm_dalec.sensitivity import Study, effects, effects_figure, read_variants, write_report
from pm_dalec.sensitivity.studies.report import moves
from pm_dalec.sensitivity.studies.variants_file import EXAMPLE
from pm_dalec.testing.tiny import tiny_site

from .conftest import TINY

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")


def test_a_report_has_every_variant_its_shift_and_its_doubt(result, tmp_path):
    text = write_report(result, tmp_path).read_text()
    assert "# Sensitivity: 3 variants, compared with 'base'" in text
    assert "0 of 3 variants converged" in text
    assert "no rules (1 not converged after the whole budget)" in text
    assert "| LAI doubled" in text
    assert "gpp (g m-2 d-1)" in text
    assert {path.name for path in tmp_path.iterdir()} == {
        *("report.md", "effects.csv", "effects.png", "effects.pdf")
    }


def test_a_study_of_the_base_alone_has_a_report_without_shifts(result, tmp_path):
    text = write_report(result.isel(variant=[0]), tmp_path).read_text()
    assert "# Sensitivity: 'base'" in text
    assert "Which variant moves what" not in text
    assert {path.name for path in tmp_path.iterdir()} == {"report.md", "effects.csv"}


def test_the_farthest_number_of_a_variant_is_the_one_it_moves_most(result):
    moved = effects(result)
    names = ["gpp", "lai", "residence_wood"]
    table = moves(moved, names).set_index("variant")
    shift = moved["shift"].sel(name=names)
    assert list(table.index) == ["no rules", "LAI doubled"]
    for name in table.index:
        assert abs(table.loc[name, "shift (sd)"]) == float(abs(shift.sel(variant=name)).max())


def test_a_figure_of_effects_has_a_row_for_all_but_the_base(result):
    figure = effects_figure(effects(result), ["gpp", "lai"], note="not converged")
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["no rules", "LAI doubled"]


def test_the_command_reports_and_ends_with_3_where_variants_did_not_converge(
    result, tmp_path, monkeypatch, capsys
):
    asked = {}

    def run(study, folder, **settings):
        asked.update(settings, folder=folder, names=list(study.variants))
        return result

    monkeypatch.setattr(Study, "run", run)
    status = commands.sensitivity("synthetic", variants=EXAMPLE, out=tmp_path, proposals=5)
    told = capsys.readouterr().out
    assert status == 3
    assert (asked["proposals"], asked["folder"], len(asked["names"])) == (5, tmp_path, 32)
    assert "LAI doubled" in told
    assert (tmp_path / "report.md").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:wanted 32 variants")
def test_the_example_is_calibrated_whole_in_a_tiny_budget(tmp_path):
    study = Study(baseline.build, tiny_site(), read_variants(EXAMPLE))
    found = study.run(tmp_path, **TINY)
    assert found.sizes["variant"] == 32
    assert bool(found["mean"]["gpp"].notnull().all())
