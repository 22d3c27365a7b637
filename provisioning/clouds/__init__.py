"""Clouds, each behind the same few calls: what exists there, and how to get in."""
