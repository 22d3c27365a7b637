"""The portal: what customers see of their account and its tenants."""
