"""Who Paybill is to a cloud: an OIDC issuer of short-lived, narrow identities."""
