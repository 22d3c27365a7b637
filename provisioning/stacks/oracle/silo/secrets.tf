# In software, which costs nothing; it never leaves the vault. The compartment's policies let
# object storage and databases use the keys of it.
resource "oci_kms_key" "this" {
  compartment_id      = var.account["compartment"]
  display_name        = local.name
  management_endpoint = var.account["vault_endpoint"]
  protection_mode     = "SOFTWARE"
  freeform_tags       = merge(local.data, { "paybill:address" = "oci_kms_key.this" })

  key_shape {
    algorithm = "AES"
    length    = 32
  }
}

# The password alone; the user is paybill_master.
resource "oci_vault_secret" "login" {
  compartment_id = var.account["compartment"]
  vault_id       = var.account["vault"]
  key_id         = oci_kms_key.this.id
  secret_name    = "${local.name}-login"
  description    = "Password of paybill_master in ${local.name}"
  freeform_tags  = merge(local.tags, { "paybill:address" = "oci_vault_secret.login" })

  enable_auto_generation = true

  secret_generation_context {
    generation_type     = "PASSPHRASE"
    generation_template = "DBAAS_DEFAULT_PASSWORD"
    passphrase_length   = 30
  }
}

# Its first content is {}. Paybill puts the handover in as the next version; the provider
# never reads contents back, so the state knows the first one only.
resource "oci_vault_secret" "handover" {
  compartment_id = var.account["compartment"]
  vault_id       = var.account["vault"]
  key_id         = oci_kms_key.this.id
  secret_name    = "${local.name}-handover"
  description    = "What the service of ${local.name} needs to start: licence, token, keys"
  freeform_tags  = merge(local.tags, { "paybill:address" = "oci_vault_secret.handover" })

  secret_content {
    content_type = "BASE64"
    content      = base64encode("{}")
  }

  lifecycle {
    ignore_changes = [secret_content]
  }
}
