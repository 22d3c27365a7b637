# The same outputs for every cloud and every isolation model.

output "database_host" {
  description = "Where the database server is reached."
  value       = google_sql_database_instance.this.private_ip_address
}

output "database_port" {
  description = "Port of the database server."
  value       = 5432
}

output "database_name" {
  description = "Name of the database."
  value       = google_sql_database.this.name
}

output "secret_reference" {
  description = "Where the log-in is kept. Never the log-in itself."
  value       = google_secret_manager_secret.login.id
}

output "service_address" {
  description = "Where the tenant's own service is reached; empty when it has none."
  value       = google_cloud_run_v2_service.this.uri
}

output "storage" {
  description = "Object storage of the tenant's own; empty when it has none."
  value       = "gs://${google_storage_bucket.this.name}"
}
