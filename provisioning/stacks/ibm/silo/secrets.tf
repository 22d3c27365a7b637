# IBM refuses to delete a key as long as something is encrypted with it. Deleted, it can be
# had back for 30 days.
resource "ibm_kms_key" "this" {
  instance_id  = var.account["key_protect"]
  key_name     = local.name
  description  = "Data of ${var.deployment}"
  standard_key = false
  force_delete = !var.protection
}

# A group of the tenant's own: rights are given by group.
resource "ibm_sm_secret_group" "this" {
  instance_id = var.account["secrets_manager"]
  region      = var.account["secrets_region"]
  name        = local.name
  description = "Log-in and handover of ${var.deployment}"
}
