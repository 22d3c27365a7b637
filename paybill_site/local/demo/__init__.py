"""The demonstration: the whole story without a browser, through the public pages."""
