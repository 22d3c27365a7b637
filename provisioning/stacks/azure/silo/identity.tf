# The service reads its own two secrets (secrets.tf), works in its own container of blobs
# and pulls its image. Nobody has a key for it.
resource "azurerm_user_assigned_identity" "this" {
  name                = local.name
  resource_group_name = azurerm_resource_group.this.name
  location            = var.region
  tags = merge(local.tags, {
    "paybill:address" = "azurerm_user_assigned_identity.this"
  })
}

resource "azurerm_role_assignment" "blobs" {
  scope                = azurerm_storage_container.this.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.this.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "pull" {
  count = contains(keys(var.account), "registry") ? 1 : 0

  scope                = var.account["registry"]
  role_definition_name = "AcrPull"
  principal_id         = azurerm_user_assigned_identity.this.principal_id
  principal_type       = "ServicePrincipal"
}
