"""The synthetic landscape, whose truth is known."""
