"""How much agents may do, with which arguments, and towards whom outside."""
