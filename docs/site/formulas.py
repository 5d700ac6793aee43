"""Formulas as MathML, which browsers draw by themselves."""

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml


def _mathml(node, block):
    """A formula as MathML; an index without a base, as in CO$_2$, is given an empty one."""
    text = node.astext()
    return tex2mathml("{}" + text if text[0] in "_^" else text, block)


def inline(translator, node):
    """Write a formula within a line."""
    translator.body.append(_mathml(node, False))
    raise nodes.SkipNode


def block(translator, node):
    """Write a formula on a line of its own."""
    translator.body.append(f'<div class="math">{_mathml(node, True)}</div>')
    raise nodes.SkipNode
