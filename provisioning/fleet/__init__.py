"""Moving many deployments to another version of their stack."""
