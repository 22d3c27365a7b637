# The same outputs for every cloud and every isolation model. On this machine the
# supervisor chooses sockets and ports, so addresses are references to its units.

output "database_host" {
  description = "Where the database server is reached."
  value       = "unit:${terraform_data.database.output.id}"
}

output "database_port" {
  description = "Port of the database server."
  value       = 5432
}

output "database_name" {
  description = "Name of the database."
  value       = terraform_data.database.output.id
}

output "secret_reference" {
  description = "Where the log-in is kept. Never the log-in itself."
  value       = "unit:${terraform_data.database.output.id}"
}

output "service_address" {
  description = "Where the tenant's own service is reached; empty when it has none."
  value       = ""
}

output "storage" {
  description = "Object storage of the tenant's own; empty when it has none."
  value       = ""
}
