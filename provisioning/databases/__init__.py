"""Tenants' databases cared for: backups, restores, log-ins, sizes, sleep."""
