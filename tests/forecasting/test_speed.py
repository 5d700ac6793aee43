"""Speed of a forecast: units, draws and years of the paper's domain, beside NumPy."""

import time

import numpy as np
import pytest
import xarray as xr

import pm_dalec as pmd
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import Drivers, drivers_of
from pm_dalec.posterior import compiled, runs
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.strata import STRATUM_NAMES
from pm_dalec.testing.parameters import near_feasible
from pm_dalec.testing.tiny import tiny_fit, tiny_region

UNITS, DRAWS, MONTHS = 60, 1000, 81 * 12


@pytest.mark.benchmark
def test_sixty_units_of_a_thousand_draws_to_2100(capsys):
    """Printed and not asserted: the wall of two cores, runs a second, and those of NumPy."""
    region = tiny_region(pixels=UNITS // 4, years=6, strata=list(STRATUM_NAMES))
    fit = tiny_fit(region, chains=4, draws=DRAWS // 4)
    held = fit["constant_data"].to_dataset()
    area = ("pixel", np.ones(UNITS // 4), {"units": "m2"})
    fit["constant_data"] = xr.DataTree(held.assign(area=area))
    pmd.forecast(fit, ["control"], draws=1)  # compiles
    wall, core = time.perf_counter(), time.process_time()
    pmd.forecast(fit, ["ssp245"], threads=2)
    wall, core = time.perf_counter() - wall, time.process_time() - core
    drivers, latitude = drivers_of(region.isel(stratum=0, pixel=0))
    century = Drivers(*(np.resize(values, MONTHS) for values in drivers))
    theta = Theta(*near_feasible((DRAWS,), np.random.default_rng(0)))
    began = time.process_time()
    run_numpy(century, latitude, theta)
    numpy = DRAWS / (time.process_time() - began)
    with capsys.disabled():
        print(
            f"\n{UNITS} units x {DRAWS} draws x {MONTHS} months, calibration twice before: "
            f"{wall:.1f} s on two threads, {core:.1f} s of processor time; "
            f"{UNITS * DRAWS / core:.0f} runs/s and core to 2100, NumPy {numpy:.0f}"
        )


@pytest.mark.benchmark
@pytest.mark.parametrize(("units", "draws"), [(1, 50), (1, 400), (1, 4000), (60, 400), (60, 2000)])
def test_trajectories_by_machine_code_and_by_numpy(units, draws, capsys, monkeypatch):
    """Printed and not asserted: 72 months, the compiler's time counted, and without it."""
    strata = list(STRATUM_NAMES) if units > 1 else None
    region = tiny_region(pixels=max(1, units // 4), years=6, strata=strata)
    fit, names = tiny_fit(region, chains=2, draws=draws // 2), ("gpp", "nee", "lai", "wood")
    spent = []
    for limit in (np.inf, 0, 0):  # NumPy, compiled, compiled once more
        monkeypatch.setattr(runs, "MANY", limit)
        began = time.process_time()
        pmd.trajectories(fit, names=names)
        spent.append(time.process_time() - began)
        if limit:
            compiled.compiled_dalec.cache_clear()
    with capsys.disabled():
        rates = ", ".join(f"{units * draws / seconds:.0f}" for seconds in (spent[0], spent[2]))
        print(
            f"\n{units} units x {draws} draws x 72 months: NumPy {spent[0]:.2f} s of processor time, "
            f"machine code {spent[1]:.2f} s with its compilation and {spent[2]:.2f} s without; "
            f"runs/s and core {rates}"
        )
