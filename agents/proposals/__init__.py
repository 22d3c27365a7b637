"""Agents of the control plane: they read and propose, and never apply."""
