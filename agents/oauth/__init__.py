"""OAuth 2.1 on each tenant's host: for people's assistants and for machines."""
