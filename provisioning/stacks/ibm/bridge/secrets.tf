# A group of the tenant's own: rights are given by group.
resource "ibm_sm_secret_group" "this" {
  instance_id = var.account["secrets_manager"]
  region      = var.account["secrets_region"]
  name        = local.name
  description = "Log-in of ${var.deployment}"
}
