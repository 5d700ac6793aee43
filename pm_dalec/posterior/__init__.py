"""What a fit says: files, trajectories, budgets, convergence, and draws added up to pixels and domain."""
