"""Code for scans."""

from __future__ import annotations

from pm_dalec.lanes.llvm.facts import UnsupportedGraph
from pm_dalec.lanes.llvm.memory import UNDEFINED, Literal, Memory, at_step
from pm_dalec.lanes.llvm.scan_parts import needed, scan_parts


def emit_scan(program, node):
    """Loop over time around the code of one step; states and wanted traces stay in memory."""
    parts = scan_parts(node, program.facts)
    facts = program.inner_facts[node]
    wanted = {v for v in node.outputs if program.clients[v] or v in program.outputs}
    states, carried, traces = needed(parts, wanted)
    buffers = {}
    for state in states:
        buffers[state] = _state_buffer(program, node, parts.steps, state)
    held = {entry: _carried_buffer(program, entry) for entry in carried}
    for inside, outer in traces:
        item = facts[inside]
        truth = inside.type.dtype == "bool"
        memory = program.writer.allocate((parts.steps, *item.space), lane=item.lane, truth=truth)
        program.fields[outer] = memory
    with program.writer.loop(parts.steps) as step:
        fields = _step_inputs(program, parts, states, buffers, held, step)
        inner = type(program)(program.writer, facts, program.inner_facts, fields)
        results = [*(s[3] for s in states), *(c[2] for c in carried), *(t[0] for t in traces)]
        inner.run(results)
        for state in states:
            view = at_step(buffers[state], program.writer.sum(step, -min(state[2])), program.writer)
            program.writer.copy(inner.field(state[3]), view.space, view)
        for entry in carried:
            program.writer.copy(inner.field(entry[2]), held[entry].space, held[entry])
        for inside, outer in traces:
            view = at_step(program.fields[outer], step, program.writer)
            program.writer.copy(inner.field(inside), view.space, view)
    for state in states:
        program.fields[state[4]] = buffers[state]
    for entry in carried:
        memory = held[entry]
        program.fields[entry[3]] = memory if memory.space else program.as_cell(memory)


def _state_buffer(program, node, steps, state):
    outer, _, taps, _, output = state
    known = program.facts[output]
    if known.shape[0] != steps - min(taps):
        raise UnsupportedGraph(
            f"wanted a scan that keeps all its steps; got a buffer of {known.shape[0]} for "
            f"{steps} steps in {node.op}; compile without scan's memory saving"
        )
    field = program.field(outer)
    if isinstance(field, Memory) and len(program.clients[outer]) == 1 and field.lane == known.lane:
        return field
    memory = program.writer.allocate(known.space, lane=known.lane)
    if field is not UNDEFINED:
        program.writer.copy(field, known.space, memory)
    return memory


def _carried_buffer(program, entry):
    start, _, result, output = entry
    known = program.facts[output]
    truth = result.type.dtype == "bool"
    memory = program.writer.allocate(known.space, lane=known.lane, truth=truth)
    program.writer.copy(program.field(start), known.space, memory)
    return memory


def _step_inputs(program, parts, states, buffers, held, step):
    fields = {}
    for outer, inside in parts.sequences:
        field = program.field(outer)
        if isinstance(field, Literal) and field.values.ndim:
            field = program.writer.materialised(
                field, program.facts[outer].space, lane=program.facts[outer].lane
            )
        fields[inside] = (
            at_step(field, step, program.writer) if isinstance(field, Memory) else field
        )
    for outer, inside in parts.constants:
        fields[inside] = program.field(outer)
    for state in states:
        for inside, tap in zip(state[1], state[2], strict=True):
            place = program.writer.sum(step, tap - min(state[2]))
            fields[inside] = at_step(buffers[state], place, program.writer)
    for entry, memory in held.items():
        fields[entry[1]] = memory
    return fields
