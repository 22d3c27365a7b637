# The database answers the apps and its own spare, nobody else in the network; the private
# endpoints answer the apps.
resource "azurerm_network_security_group" "database" {
  name                = "${local.name}-database"
  resource_group_name = azurerm_resource_group.this.name
  location            = var.region
  tags = merge(local.tags, {
    "paybill:address" = "azurerm_network_security_group.database"
  })
}

resource "azurerm_network_security_rule" "database" {
  name                        = "postgresql"
  resource_group_name         = azurerm_resource_group.this.name
  network_security_group_name = azurerm_network_security_group.database.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "5432"
  source_address_prefixes = concat(
    azurerm_subnet.apps.address_prefixes,
    azurerm_subnet.database.address_prefixes,
  )
  destination_address_prefix = azurerm_subnet.database.address_prefixes[0]
}

resource "azurerm_network_security_rule" "database_else" {
  name                        = "nothing-else"
  resource_group_name         = azurerm_resource_group.this.name
  network_security_group_name = azurerm_network_security_group.database.name
  priority                    = 4000
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "*"
  source_address_prefix       = "*"
  destination_address_prefix  = "*"
}

resource "azurerm_subnet_network_security_group_association" "database" {
  subnet_id                 = azurerm_subnet.database.id
  network_security_group_id = azurerm_network_security_group.database.id
}

resource "azurerm_network_security_group" "endpoints" {
  name                = "${local.name}-endpoints"
  resource_group_name = azurerm_resource_group.this.name
  location            = var.region
  tags = merge(local.tags, {
    "paybill:address" = "azurerm_network_security_group.endpoints"
  })
}

resource "azurerm_network_security_rule" "endpoints" {
  name                        = "https"
  resource_group_name         = azurerm_resource_group.this.name
  network_security_group_name = azurerm_network_security_group.endpoints.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "443"
  source_address_prefix       = azurerm_subnet.apps.address_prefixes[0]
  destination_address_prefix  = azurerm_subnet.endpoints.address_prefixes[0]
}

resource "azurerm_network_security_rule" "endpoints_else" {
  name                        = "nothing-else"
  resource_group_name         = azurerm_resource_group.this.name
  network_security_group_name = azurerm_network_security_group.endpoints.name
  priority                    = 4000
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "*"
  source_address_prefix       = "*"
  destination_address_prefix  = "*"
}

resource "azurerm_subnet_network_security_group_association" "endpoints" {
  subnet_id                 = azurerm_subnet.endpoints.id
  network_security_group_id = azurerm_network_security_group.endpoints.id
}
