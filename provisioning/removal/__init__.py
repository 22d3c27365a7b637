"""Taking a tenant's place away for good, step by step, with proof."""
