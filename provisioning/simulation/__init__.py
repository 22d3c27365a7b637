"""Simulated accounts: a simulator answers for the cloud, data is on this machine."""
