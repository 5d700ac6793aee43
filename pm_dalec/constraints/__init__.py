"""The ecological constraints (EDCs): margins, sets by era, forms of the potential, and the prior under them."""
