"""Several lands side by side: costs are shared by runs, doubtful shifts are left out, refits are counted."""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.cli import studies as commands
from pm_dalec.sensitivity import Study
from pm_dalec.sensitivity.lands import refits_table, shifts_by_unit, unit_costs, write_lands
from pm_dalec.sensitivity.studies.results import joined, summary_of
from pm_dalec.sensitivity.studies.variants_file import ANY_LAND
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site


def study(units, core_seconds):
    """Study in form of two variants, the second with more runs at the second pixel."""
    told = {"changes": "", "folder": "a", "seconds": 1.0, "compile_seconds": 1.0}
    fits = {
        "base": tiny_fit(units, chains=4, draws=8),
        "other": tiny_fit(units, chains=4, draws=8, seed=1),
    }
    found = joined({n: summary_of(f) for n, f in fits.items()}, dict.fromkeys(fits, told))
    runs = xr.full_like(found["units"]["proposals"], 100.0)
    if "pixel" in runs.dims:
        runs[{"variant": 1, "pixel": 1}] = 300.0
    held = found["units"].to_dataset().assign(proposals=runs)
    held["status"] = xr.full_like(held["status"], "converged", dtype=object)
    found["units"] = xr.DataTree(held)
    found.attrs = {"core_seconds": core_seconds, "wall_seconds": core_seconds / 2}
    return found


@pytest.fixture(scope="module")
def studies():
    return {"here": study(tiny_site(), 30.0), "twin": study(tiny_region(pixels=2), 60.0)}


def test_the_cost_of_a_region_is_shared_by_runs(studies):
    table = unit_costs(studies).set_index("unit")
    assert list(table.index) == ["here", "twin, pixel 1000", "twin, pixel 1001"]
    np.testing.assert_allclose(table["core-s"], [30.0, 20.0, 40.0])
    assert table["variants"].tolist() == table["converged"].tolist() == [2, 2, 2]
    assert table["full"].tolist() == [2, 2, 2]


def test_a_shift_of_what_has_not_converged_is_not_told_but_named(studies, tmp_path):
    doubtful = studies["twin"].copy()
    units = doubtful["units"].to_dataset().copy(deep=True)
    units["status"][{"variant": 1, "pixel": 0}] = "budget"
    doubtful["units"] = xr.DataTree(units)
    both = {"here": studies["here"], "twin": doubtful}
    table = shifts_by_unit(both, "gpp").set_index("variant")
    assert table.loc["other"].isna().tolist() == [False, True, False]
    doubt = write_lands(both, tmp_path, names=("gpp",)).read_text().partition("## What has not")[2]
    assert "| other     | twin, pixel 1000 | full" in doubt


def test_the_page_says_costs_shifts_and_how_many_refits_agree(studies, tmp_path):
    row = {name: ("quantity", [0.1, 0.2]) for name in ("shift_predicted", "shift_refitted")}
    found = xr.Dataset(row | {"score": ("quantity", [1.0, -3.0]), "khat": 0.1, "rhat": 1.01})
    found = found.assign_coords(quantity=["gpp", "nee"]).expand_dims(factor=["lai"])
    assert refits_table(found)["predicted"].tolist() == [0.1, 0.2]
    text = write_lands(studies, tmp_path, confirmed={"here": found}, names=("gpp",)).read_text()
    assert "2 variants at 3 units: 6 calibrations, of which 6 converged" in text
    assert "90 s of processor time" in text
    assert "1 of 2 are within two errors" in text
    assert (tmp_path / "studies.csv").exists()


def test_a_command_with_several_lands_has_a_folder_for_each(studies, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Study, "run", lambda study, folder, **_: studies["here"])
    lands = ("synthetic", str(tmp_path / "other" / "synthetic"))
    with pytest.raises(ValueError, match="wanted lands with names of their own"):
        commands.sensitivity(*lands, variants=ANY_LAND)
    monkeypatch.setattr(commands, "site_named", lambda *_: tiny_site())
    with pytest.raises(ValueError, match="wanted several lands for --page, got one"):
        commands.sensitivity("one", variants=ANY_LAND, page=tmp_path / "page.md")
    page = tmp_path / "page.md"
    found = commands.sensitivity("one", "two", variants=ANY_LAND, out=tmp_path, page=page)
    assert found == 0
    assert page.read_text() == (tmp_path / "studies.md").read_text()
    assert "studies.csv" in capsys.readouterr().out
    assert (tmp_path / "one" / "report.md").exists()
