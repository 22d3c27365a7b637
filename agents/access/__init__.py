"""What agents may see and touch: grants, rules, and who can do what."""
