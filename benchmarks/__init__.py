"""Benches: figures, side by side with what a user would pick instead, in one run.

``./paybill bench NAME [--json]``. Nothing here passes or fails.
"""
