"""A model's graph as machine code for many chains at once; takes any PyMC model, knows no DALEC."""
