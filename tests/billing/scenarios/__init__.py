"""Worked examples of catalogues, read in words and played on the whole engine."""
