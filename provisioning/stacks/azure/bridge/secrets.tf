# Policies of the vault instead of roles: they hold at once, where a role is believed only
# minutes later, and whoever applies needs no right to give roles away.
resource "azurerm_key_vault" "this" {
  name                = local.name
  resource_group_name = var.account["resource_group"]
  location            = var.region
  tenant_id           = var.account["directory"]
  sku_name            = "standard"

  rbac_authorization_enabled = false
  soft_delete_retention_days = 7
  # Without purge protection, or nothing could be proved to be gone for a week. What is in
  # here can be made anew.
  purge_protection_enabled = false

  public_network_access_enabled = true
  tags                          = merge(local.data, { "paybill:address" = "azurerm_key_vault.this" })

  network_acls {
    default_action = "Deny"
    bypass         = "None"
    ip_rules       = split(",", var.account["runners"])
  }
}

resource "azurerm_key_vault_access_policy" "apply" {
  key_vault_id       = azurerm_key_vault.this.id
  tenant_id          = var.account["directory"]
  object_id          = var.account["applier"]
  secret_permissions = ["Get", "Set", "Delete", "Purge", "Recover"]
}

resource "azurerm_key_vault_access_policy" "plan" {
  key_vault_id       = azurerm_key_vault.this.id
  tenant_id          = var.account["directory"]
  object_id          = var.account["planner"]
  secret_permissions = ["Get"]
}

resource "azurerm_key_vault_access_policy" "reader" {
  key_vault_id       = azurerm_key_vault.this.id
  tenant_id          = var.account["directory"]
  object_id          = var.account["reader"]
  secret_permissions = ["Get"]
}

# The log-in, as JSON with username and password. Write-only: it is in no plan and in no
# state.
resource "azurerm_key_vault_secret" "login" {
  name         = "login"
  key_vault_id = azurerm_key_vault.this.id
  content_type = "application/json"
  value_wo = jsonencode({
    username = azurerm_postgresql_flexible_server.this.administrator_login
    password = local.password
  })
  value_wo_version = var.handover_version
  tags             = merge(local.tags, { "paybill:address" = "azurerm_key_vault_secret.login" })

  depends_on = [azurerm_key_vault_access_policy.apply]
}
