"""The invented region that speed is measured on."""

import numpy as np

from pm_dalec.data.synthetic_sites import synthetic_drivers


def region(pixels, steps):
    """Units dataset of invented pixels with drivers and observations of their own."""
    import xarray as xr

    years = -(-steps // 12)
    parts = []
    for pixel in range(pixels):
        site = synthetic_drivers(pixel, years=years).isel(time=slice(0, steps))
        random = np.random.default_rng(pixel)
        lai = 2.0 + 0.5 * random.normal(size=steps).clip(-2, 2)
        wood = np.full(steps, np.nan)
        wood[[steps // 2, steps // 2 + min(12, steps // 4)]] = 6000.0
        parts.append(
            site.drop_vars(
                ["time_bnds", "step_days", "lat", "lon", "site"], errors="ignore"
            ).assign(
                lai=("time", lai, {"units": "m2 m-2"}),
                lai_unc=("time", np.full(steps, 0.35), {"units": "m2 m-2"}),
                cwood=("time", wood, {"units": "g m-2"}),
                cwood_unc=("time", np.where(np.isnan(wood), np.nan, 3000.0), {"units": "g m-2"}),
            )
        )
    whole = xr.concat(parts, "pixel").transpose("time", "pixel")
    place = {"lat": ("pixel", np.full(pixels, 55.0)), "lon": ("pixel", np.full(pixels, -3.0))}
    place = {
        name: (*value, {"units": f"degrees_{side}"})
        for (name, value), side in zip(place.items(), ("north", "east"), strict=True)
    }
    whole = whole.assign_coords(pixel=np.arange(pixels), time_bnds=site["time_bnds"], **place)
    return whole.assign(step_days=site["step_days"])
