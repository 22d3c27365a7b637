"""Django's database engine ``paybill_site.kernel.postgres``: PostgreSQL with planes."""
