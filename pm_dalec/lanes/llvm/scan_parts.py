"""Roles of the inputs and outputs of a scan."""

from __future__ import annotations

from typing import NamedTuple

from pytensor.graph.traversal import ancestors

from pm_dalec.lanes.llvm.facts import refuse


class ScanParts(NamedTuple):
    """Inputs and outputs of a scan, told apart."""

    steps: int
    sequences: list
    states: list  # (outer buffer, inner inputs, taps, inner output, outer output)
    carried: list  # (outer start, inner input, inner output, outer output)
    traces: list  # (inner output, outer output)
    constants: list  # (outer, inner)


def scan_parts(node, known):
    """Roles of the inputs and outputs of a scan node."""
    op = node.op
    if op.info.as_while or op.info.mit_mot_in_slices:
        refuse(node, "stops by a condition, or is the gradient of a scan")
    if known[node.inputs[0]].value is None:
        refuse(node, "has a number of steps that is known only when it runs")
    inner_in, inner_out = op.fgraph.inputs, op.fgraph.outputs
    taps = (*op.info.mit_sot_in_slices, *op.info.sit_sot_in_slices)
    buffers = [*op.outer_mitsot(node.inputs), *op.outer_sitsot(node.inputs)]
    inner_states = [*op.inner_mitsot_grouped(inner_in), *([v] for v in op.inner_sitsot(inner_in))]
    inner_results = [*op.inner_mitsot_outs(inner_out), *op.inner_sitsot_outs(inner_out)]
    results = [*op.outer_mitsot_outs(node.outputs), *op.outer_sitsot_outs(node.outputs)]
    return ScanParts(
        int(known[node.inputs[0]].value),
        list(zip(op.outer_seqs(node.inputs), op.inner_seqs(inner_in), strict=True)),
        list(zip(buffers, inner_states, taps, inner_results, results, strict=True)),
        list(
            zip(
                op.outer_untraced_sit_sot(node.inputs),
                op.inner_untraced_sit_sot(inner_in),
                op.inner_untraced_sit_sot_outs(inner_out),
                op.outer_untraced_sit_sot_outs(node.outputs),
                strict=True,
            )
        ),
        list(zip(op.inner_nitsot_outs(inner_out), op.outer_nitsot_outs(node.outputs), strict=True)),
        list(zip(op.outer_non_seqs(node.inputs), op.inner_non_seqs(inner_in), strict=True)),
    )


def needed(parts, wanted):
    """States, carried values and traces of a scan on which wanted outputs depend."""
    states = {state for state in map(tuple_of_state, parts.states) if state[4] in wanted}
    carried = {tuple(entry) for entry in parts.carried if entry[3] in wanted}
    traces = [tuple(entry) for entry in parts.traces if entry[1] in wanted]
    while True:
        roots = [s[3] for s in states] + [c[2] for c in carried] + [t[0] for t in traces]
        reached = set(ancestors(roots))
        more = {s for s in map(tuple_of_state, parts.states) if reached & set(s[1])} - states
        others = {tuple(c) for c in parts.carried if c[1] in reached} - carried
        if not more and not others:
            order = [tuple_of_state(state) for state in parts.states]
            return (
                [s for s in order if s in states],
                [tuple(c) for c in parts.carried if tuple(c) in carried],
                traces,
            )
        states |= more
        carried |= others


def tuple_of_state(state):
    """Entry of ``ScanParts.states`` that can be a member of a set."""
    outer, insides, taps, result, output = state
    return outer, tuple(insides), tuple(taps), result, output
