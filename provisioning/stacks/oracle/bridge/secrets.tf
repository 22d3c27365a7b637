# The password alone; the user is paybill_master.
resource "oci_vault_secret" "login" {
  compartment_id = var.account["compartment"]
  vault_id       = var.account["vault"]
  key_id         = var.account["key"]
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
