"""Pages about agents for a tenant's own people."""
