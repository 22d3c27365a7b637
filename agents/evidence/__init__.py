"""What agents did, as evidence: recorded, shown, and decided again."""
