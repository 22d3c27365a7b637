resource "azurerm_postgresql_flexible_server" "this" {
  name                = local.name
  resource_group_name = azurerm_resource_group.this.name
  location            = var.region
  version             = "17"

  sku_name          = local.size.database
  storage_mb        = local.size.storage
  auto_grow_enabled = true

  delegated_subnet_id           = azurerm_subnet.database.id
  private_dns_zone_id           = azurerm_private_dns_zone.database.id
  public_network_access_enabled = false

  administrator_login               = "paybill_master"
  administrator_password_wo         = local.password
  administrator_password_wo_version = var.handover_version

  # Azure keeps backups for 7 to 35 days, encrypted as the server is, in the region.
  backup_retention_days        = min(35, max(7, var.retention_days))
  geo_redundant_backup_enabled = false

  tags = merge(local.data, {
    "paybill:address" = "azurerm_postgresql_flexible_server.this"
  })

  authentication {
    password_auth_enabled         = true
    active_directory_auth_enabled = false
  }

  dynamic "high_availability" {
    for_each = local.size.spare ? [local.zones ? "ZoneRedundant" : "SameZone"] : []
    content {
      mode = high_availability.value
    }
  }

  # Zones change places when one fails. Storage grows by itself and never shrinks: to ask
  # for less would replace the server, and all that is in it.
  lifecycle {
    ignore_changes = [
      high_availability[0].standby_availability_zone,
      storage_mb,
      zone,
    ]
  }

  depends_on = [
    azurerm_private_dns_zone_virtual_network_link.database,
    azurerm_subnet_network_security_group_association.database,
  ]
}

resource "azurerm_postgresql_flexible_server_configuration" "transport" {
  name      = "require_secure_transport"
  server_id = azurerm_postgresql_flexible_server.this.id
  value     = "ON"
}

resource "azurerm_postgresql_flexible_server_database" "this" {
  name      = "paybill"
  server_id = azurerm_postgresql_flexible_server.this.id
  charset   = "UTF8"
  collation = "en_US.utf8"
}
