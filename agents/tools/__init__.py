"""The tools of a plane: derived, offered, described, answered."""
