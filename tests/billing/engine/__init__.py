"""The engine: what is due, property by property, and what follows from decisions."""
