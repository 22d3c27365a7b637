"""Products that are any container image: told of their tenants by signed webhooks."""
