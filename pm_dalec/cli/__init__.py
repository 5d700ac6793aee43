"""What `pm-dalec` does: it reads arguments and prints; nothing else here computes."""
