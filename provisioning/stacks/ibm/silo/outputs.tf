# The same outputs for every cloud and every isolation model.

output "database_host" {
  description = "Where the database server is reached."
  value       = local.host
}

output "database_port" {
  description = "Port of the database server."
  value       = local.port
}

output "database_name" {
  description = "Name of the database."
  value       = "ibmclouddb"
}

output "secret_reference" {
  description = "Where the log-in is kept. Never the log-in itself."
  value       = local.login
}

output "service_address" {
  description = "Where the tenant's own service is reached; empty when it has none."
  value       = ibm_code_engine_app.this.endpoint
}

output "storage" {
  description = "Object storage of the tenant's own; empty when it has none."
  value       = "cos://${ibm_cos_bucket.this.bucket_name}"
}
