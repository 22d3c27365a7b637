"""API keys: how an account's own programs say who they are, and what they may do."""
