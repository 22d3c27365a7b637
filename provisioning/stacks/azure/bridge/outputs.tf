# The same outputs for every cloud and every isolation model.

output "database_host" {
  description = "Where the database server is reached."
  value       = azurerm_postgresql_flexible_server.this.fqdn
}

output "database_port" {
  description = "Port of the database server."
  value       = 5432
}

output "database_name" {
  description = "Name of the database."
  value       = azurerm_postgresql_flexible_server_database.this.name
}

output "secret_reference" {
  description = "Where the log-in is kept. Never the log-in itself."
  value       = azurerm_key_vault_secret.login.versionless_id
}

output "service_address" {
  description = "Where the tenant's own service is reached; empty when it has none."
  value       = ""
}

output "storage" {
  description = "Object storage of the tenant's own; empty when it has none."
  value       = ""
}
