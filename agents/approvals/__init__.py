"""What waits for a person's yes: asked for, decided, used once."""
