"""Tables of the paper, as data and as Markdown."""
