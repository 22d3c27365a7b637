# Its keys are in the state, as the provider keeps them there whatever one asks for; the
# account takes none. Who reads or writes blobs is an identity with a role.
resource "azurerm_storage_account" "this" {
  name                     = replace(local.name, "-", "")
  resource_group_name      = azurerm_resource_group.this.name
  location                 = var.region
  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = local.zones ? "ZRS" : "LRS"

  min_tls_version                   = "TLS1_2"
  https_traffic_only_enabled        = true
  infrastructure_encryption_enabled = true
  shared_access_key_enabled         = false
  default_to_oauth_authentication   = true
  local_user_enabled                = false
  allow_nested_items_to_be_public   = false
  cross_tenant_replication_enabled  = false
  public_network_access_enabled     = false

  tags = merge(local.data, { "paybill:address" = "azurerm_storage_account.this" })

  # What is overwritten or deleted can be had back as long as backups are kept.
  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = min(365, max(1, var.retention_days))
    }

    container_delete_retention_policy {
      days = min(365, max(1, var.retention_days))
    }
  }

  network_rules {
    default_action = "Deny"
    bypass         = ["None"]
  }
}

resource "azurerm_storage_container" "this" {
  name                  = local.name
  storage_account_id    = azurerm_storage_account.this.id
  container_access_type = "private"
}
