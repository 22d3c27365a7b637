# All of the silo is in it, so that what is left of one is seen at a glance.
resource "azurerm_resource_group" "this" {
  name     = local.name
  location = var.region
  tags     = merge(local.data, { "paybill:address" = "azurerm_resource_group.this" })
}

resource "azurerm_virtual_network" "this" {
  name                = local.name
  resource_group_name = azurerm_resource_group.this.name
  location            = var.region
  address_space       = [var.network]
  tags                = merge(local.tags, { "paybill:address" = "azurerm_virtual_network.this" })
}

resource "azurerm_subnet" "apps" {
  name                 = "apps"
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = [cidrsubnet(var.network, 1, 0)]

  delegation {
    name = "apps"
    service_delegation {
      name    = "Microsoft.App/environments"
      actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
    }
  }
}

resource "azurerm_subnet" "database" {
  name                            = "database"
  resource_group_name             = azurerm_resource_group.this.name
  virtual_network_name            = azurerm_virtual_network.this.name
  address_prefixes                = [cidrsubnet(var.network, 2, 2)]
  default_outbound_access_enabled = false
  service_endpoints               = ["Microsoft.Storage"] # backups go this way

  delegation {
    name = "database"
    service_delegation {
      name    = "Microsoft.DBforPostgreSQL/flexibleServers"
      actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
    }
  }
}

resource "azurerm_subnet" "endpoints" {
  name                              = "endpoints"
  resource_group_name               = azurerm_resource_group.this.name
  virtual_network_name              = azurerm_virtual_network.this.name
  address_prefixes                  = [cidrsubnet(var.network, 2, 3)]
  default_outbound_access_enabled   = false
  private_endpoint_network_policies = "Enabled"
}

# Vault and blobs are reached by private addresses inside the network; these zones answer
# for their public names there.
resource "azurerm_private_dns_zone" "vault" {
  name                = "privatelink.vaultcore.azure.net"
  resource_group_name = azurerm_resource_group.this.name
  tags                = merge(local.dns, { "paybill-address" = "azurerm_private_dns_zone.vault" })
}

resource "azurerm_private_dns_zone" "blob" {
  name                = "privatelink.blob.core.windows.net"
  resource_group_name = azurerm_resource_group.this.name
  tags                = merge(local.dns, { "paybill-address" = "azurerm_private_dns_zone.blob" })
}

resource "azurerm_private_dns_zone" "database" {
  name                = "${local.name}.private.postgres.database.azure.com"
  resource_group_name = azurerm_resource_group.this.name
  tags                = merge(local.dns, { "paybill-address" = "azurerm_private_dns_zone.database" })
}

resource "azurerm_private_dns_zone_virtual_network_link" "vault" {
  name                  = "vault"
  resource_group_name   = azurerm_resource_group.this.name
  private_dns_zone_name = azurerm_private_dns_zone.vault.name
  virtual_network_id    = azurerm_virtual_network.this.id
  tags = merge(local.dns, {
    "paybill-address" = "azurerm_private_dns_zone_virtual_network_link.vault"
  })
}

resource "azurerm_private_dns_zone_virtual_network_link" "blob" {
  name                  = "blob"
  resource_group_name   = azurerm_resource_group.this.name
  private_dns_zone_name = azurerm_private_dns_zone.blob.name
  virtual_network_id    = azurerm_virtual_network.this.id
  tags = merge(local.dns, {
    "paybill-address" = "azurerm_private_dns_zone_virtual_network_link.blob"
  })
}

resource "azurerm_private_dns_zone_virtual_network_link" "database" {
  name                  = "database"
  resource_group_name   = azurerm_resource_group.this.name
  private_dns_zone_name = azurerm_private_dns_zone.database.name
  virtual_network_id    = azurerm_virtual_network.this.id
  tags = merge(local.dns, {
    "paybill-address" = "azurerm_private_dns_zone_virtual_network_link.database"
  })
}

resource "azurerm_private_endpoint" "vault" {
  name                = "${local.name}-vault"
  resource_group_name = azurerm_resource_group.this.name
  location            = var.region
  subnet_id           = azurerm_subnet.endpoints.id
  tags                = merge(local.tags, { "paybill:address" = "azurerm_private_endpoint.vault" })

  private_service_connection {
    name                           = "vault"
    private_connection_resource_id = azurerm_key_vault.this.id
    subresource_names              = ["vault"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "vault"
    private_dns_zone_ids = [azurerm_private_dns_zone.vault.id]
  }
}

resource "azurerm_private_endpoint" "blob" {
  name                = "${local.name}-blob"
  resource_group_name = azurerm_resource_group.this.name
  location            = var.region
  subnet_id           = azurerm_subnet.endpoints.id
  tags                = merge(local.tags, { "paybill:address" = "azurerm_private_endpoint.blob" })

  private_service_connection {
    name                           = "blob"
    private_connection_resource_id = azurerm_storage_account.this.id
    subresource_names              = ["blob"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "blob"
    private_dns_zone_ids = [azurerm_private_dns_zone.blob.id]
  }
}
