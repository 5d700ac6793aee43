"""Half-hourly files of a tower whose monthly values are known."""

import numpy as np
import pandas as pd

HALF = pd.Timedelta(minutes=30)
MIDDLE, AMPLITUDE = 8.0, 5.0  # degC
GRAMS = 12.011e-6 * 86400  # g d-1 of carbon for a umol s-1
FULLSET = "FLX_XX-Syn_FLUXNET2015_FULLSET_{}_2001-2002_1-4.csv"
BASE = "AMF_XX-Syn_BASE_HH_1-5.csv"


def half_hours(first="2001-01-01", last="2003-01-01"):
    """A sine of temperature by day; radiation of 12 hours; fluxes that are constant."""
    times = pd.date_range(first, last, freq=HALF, inclusive="left")
    hours = times.hour + times.minute / 60
    sun = np.where((hours >= 6) & (hours < 18), 400.0, 0.0)
    return pd.DataFrame(
        {
            "TIMESTAMP_START": times.strftime("%Y%m%d%H%M"),
            "TIMESTAMP_END": (times + HALF).strftime("%Y%m%d%H%M"),
            "TA_F": MIDDLE + AMPLITUDE * np.sin(2 * np.pi * (hours - 6) / 24) + times.month,
            "SW_IN_F": sun,
            "VPD_F": 2.0 + times.month / 2,
            "WS_F": 3.0,
            "NEE_VUT_REF": np.where(sun > 0, -6.0, 2.0),
            "NEE_VUT_REF_QC": 0,
            "NEE_VUT_REF_RANDUNC": 1.0,
            "NEE_VUT_REF_JOINTUNC": np.sqrt(1.25),
            "GPP_NT_VUT_REF": np.where(sun > 0, 8.0, 0.0),
            "GPP_NT_VUT_16": 3.5,
            "GPP_NT_VUT_84": 4.5,
            "RECO_NT_VUT_REF": 2.0,
        }
    )


def in_steps(table, form):
    """The same as a daily or monthly file, averaged independently of the reader."""
    times = pd.to_datetime(table["TIMESTAMP_START"], format="%Y%m%d%H%M")
    numbers = table.drop(columns=["TIMESTAMP_START", "TIMESTAMP_END"])
    day = numbers["SW_IN_F"] > 0
    label = times.dt.strftime(form)
    means = numbers.groupby(label).mean()
    means["TA_F_DAY"] = numbers["TA_F"][day].groupby(label[day]).mean()
    means["TA_F_NIGHT"] = numbers["TA_F"][~day].groupby(label[~day]).mean()
    fluxes = [
        name for name in means if name.startswith(("NEE", "GPP", "RECO")) and "QC" not in name
    ]
    means[fluxes] *= GRAMS
    means["NEE_VUT_REF_QC"] = 1.0
    return means.rename_axis("TIMESTAMP").reset_index()


def write(table, path, comments=()):
    lines = "".join(f"# {line}\n" for line in comments)
    text = table.to_csv(index=False, na_rep="-9999")
    path.write_text(lines + text, encoding="utf-8")
    return path
