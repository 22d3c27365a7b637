"""Runs of declared workflows: opened, taken step by step, ended, undone."""
