"""A region assembled from real products that a TOML file names."""
