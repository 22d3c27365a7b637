# The same outputs for every cloud and every isolation model.

output "database_host" {
  description = "Where the database server is reached."
  value       = oci_psql_db_system.this.network_details[0].primary_db_endpoint_private_ip
}

output "database_port" {
  description = "Port of the database server."
  value       = 5432
}

output "database_name" {
  description = "Name of the database."
  value       = "postgres"
}

output "secret_reference" {
  description = "Where the log-in is kept. Never the log-in itself."
  value       = oci_vault_secret.login.id
}

output "service_address" {
  description = "Where the tenant's own service is reached; empty when it has none."
  value       = "https://${var.domain}"
}

output "storage" {
  description = "Object storage of the tenant's own; empty when it has none."
  value       = "oci://${oci_objectstorage_bucket.this.name}@${oci_objectstorage_bucket.this.namespace}"
}
