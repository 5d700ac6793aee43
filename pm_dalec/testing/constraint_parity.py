"""Flags of the constraints beside those of the reference."""

import numpy as np

from pm_dalec.constraints import forms, sets
from pm_dalec.constraints.case import case_of
from pm_dalec.tables.parameters import Theta
from pm_dalec.testing.comparison import Line

UNDECIDED_MARGIN = 1e-9  # constraints this close to their threshold are not compared
JUMP_REACH = (1e-12, 1e-9)  # relative changes of parameters within which a flag may jump


def margins_of(case, ours):
    """Margin of every rule of a reference case, by name."""
    with np.errstate(all="ignore"):
        return forms.margins(
            sets.EDCS["edinburgh2021"], case_of(ours, case.drivers, case.theta), np
        )


def flag_lines(name, group, case, execute):
    """Lines of the report: share of parameter sets on whose rules the reference and we agree."""
    margins = margins_of(case, execute(case.drivers, case.latitude, case.theta, "truncated"))
    place = {int(number): index for index, number in enumerate(group["edc_number"].values)}
    wrong, remarks = {}, {}
    for rule in sets.EDCS["edinburgh2021"].values():
        if rule.number not in place:
            continue
        theirs = group["edc_pass"].isel(edc=place[rule.number]).values.astype(bool)
        slack = group["edc_margin"].isel(edc=place[rule.number]).values
        passed = np.broadcast_to(forms.holds(margins[rule.name]), theirs.shape)
        close = np.abs(slack) < UNDECIDED_MARGIN
        wrong[rule.name] = (passed != theirs) & ~close
        remarks[rule.name] = f"{int((~theirs).sum())} fail, {int(close.sum())} undecided"
    suspects = np.flatnonzero(np.any(list(wrong.values()), axis=0))
    jumps = _on_a_jump(case, execute, suspects)
    for rule_name, differs in wrong.items():
        jumping = differs.copy()
        jumping[suspects] &= jumps[rule_name]
        differs = differs & ~jumping
        remark = remarks[rule_name]
        if jumping.any():
            remark += f", {int(jumping.sum())} on a jump of the truncated search"
        where = f"sample {np.argmax(differs)}" if differs.any() else f"{differs.size} samples"
        count = float(differs.sum())
        yield Line(name, f"edc {rule_name}", count, where, not differs.any(), remark)


def _on_a_jump(case, execute, suspects):
    """Whether a rule passes and fails within a hair of these vectors.

    The truncated search is discontinuous: vectors bisected to a threshold may sit on one of its jumps,
    where rounding decides. Every parameter is moved by 1e-12 to 1e-9 of itself.
    """
    tries = 48
    random = np.random.default_rng(0)
    size = np.tile(np.geomspace(*JUMP_REACH, tries), suspects.size)
    moved = Theta(
        *(
            np.repeat(value[suspects], tries) * (1 + size * random.uniform(-1, 1, size.size))
            for value in case.theta
        )
    )
    if not suspects.size:
        return dict.fromkeys(sets.EDCS["edinburgh2021"], np.zeros(0, bool))
    ours = execute(case.drivers, case.latitude, moved, "truncated")
    found = {}
    for name, margin in margins_of(case._replace(theta=moved), ours).items():
        passed = forms.holds(np.broadcast_to(margin, moved[0].shape)).reshape(-1, tries)
        found[name] = passed.any(axis=1) & ~passed.all(axis=1)
    return found
