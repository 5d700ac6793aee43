"""Commands that make a region write it and tell what they do."""

from pm_dalec.cli.region import landscape
from pm_dalec.landscape.polygons.estates import forest_estates
from pm_dalec.landscape.region_file import open_region
from pm_dalec.posterior.polygons.file import write_polygons


def test_the_command_writes_a_region_and_tells_what_it_does(tmp_path, capsys):
    path = tmp_path / "region.nc"
    landscape(resolution=0.5, seed=7, out=path)
    stored = open_region(path)
    assert stored["strata/area_fraction"].dims == ("stratum", "pixel")
    assert {"area", "lat", "lon"} <= set(stored.variables)
    told = capsys.readouterr().out
    assert told.startswith("landscape of seed 7")
    assert "units of 0.5 degree" in told
    assert f"{stored.sizes['pixel']} units from" in told


def test_the_maps_of_the_landscape_are_drawn_when_asked(tmp_path, monkeypatch):
    monkeypatch.setattr("pm_dalec.cli.region.MAPPED", (1.0, 0.5))
    landscape(resolution=1.0, seed=7, out=tmp_path / "region.nc", figures=tmp_path / "maps")
    made = sorted(path.name for path in (tmp_path / "maps").glob("*.png"))
    assert made == ["fig02_land_cover.png", "figA1_fractions.png"]


def test_landscape_takes_polygons_as_units(tmp_path, twin, monkeypatch):
    monkeypatch.setattr("pm_dalec.cli.region.make_twin", lambda seed: twin)
    write_polygons(forest_estates(twin, 2), tmp_path / "estates.gpkg")
    out = tmp_path / "estates.nc"
    landscape(polygons=tmp_path / "estates.gpkg", ids="estate", out=out)
    assert open_region(out)["pixel"].values.tolist() == ["estate 1", "estate 2"]
