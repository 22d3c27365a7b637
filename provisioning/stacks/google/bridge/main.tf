# A PostgreSQL of the tenant's own in the network that bridge tenants share on Google Cloud.
#
# Deleting: with `protection` both Terraform and Cloud SQL refuse to delete the database.
# Paybill applies once without it, then destroys. An instance's name stays taken for a
# week after it is deleted: the generation makes new names.

locals {
  # 64 bits of the tenant's id.
  name = "pb-${substr(sha256(var.tenant), 0, 16)}-g${var.generation}"

  # Labels take neither capitals nor dots, colons or brackets. paybill-address is the
  # resource's address with a hyphen for its dot: no name here has a hyphen, and nothing
  # with labels has an index.
  labels = { "paybill-deployment" = var.deployment }

  sizes = {
    small  = { database = "db-custom-1-3840", storage = 20, spare = false }
    medium = { database = "db-custom-2-7680", storage = 50, spare = true }
    large  = { database = "db-custom-4-15360", storage = 100, spare = true }
  }

  # Asleep it is as small as the smallest, but for what holds the data.
  size = merge(local.sizes[var.size], {
    for part, small in local.sizes.small : part => small if var.asleep && part != "storage"
  })

  # A destroy is handed nothing, {}; an apply without a password fails at the cloud.
  password = lookup(jsondecode(var.handover), "database_password", null)
}
