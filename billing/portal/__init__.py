"""Billing as customers see it: plain forms and redirects; no page needs a script."""
