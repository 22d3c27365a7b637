"""Kills processes of an installation at random moments, and looks what became of it."""
