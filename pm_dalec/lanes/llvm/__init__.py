"""The compiled back end: a graph survey, and its emission as LLVM instructions."""
