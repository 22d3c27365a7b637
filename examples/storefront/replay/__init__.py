"""Tasks of a published benchmark, played on this shop."""
