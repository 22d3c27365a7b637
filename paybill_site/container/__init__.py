"""What runs in a container: one image, every process of both modes."""
