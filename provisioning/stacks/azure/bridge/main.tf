# A PostgreSQL of the tenant's own in the network that bridge tenants share on Azure.
#
# Deleting: Azure has no protection of a server of its own, and a lock would stop Paybill as
# well as anybody else. What holds data carries the tag paybill:protected; a policy of the
# subscription with the effect denyAction refuses to delete what has it as "true". Paybill
# applies once without protection, then destroys. The name of a vault stays taken as long
# as it can be recovered: the generation makes new names, and the destroy purges it.

locals {
  # 64 bits of the tenant's id: short enough for a vault (24 characters).
  name = "pb-${substr(sha256(var.tenant), 0, 16)}-g${var.generation}"

  # The tag paybill:address is the resource's address here.
  tags = { "paybill:deployment" = var.deployment }
  data = merge(local.tags, { "paybill:protected" = tostring(var.protection) })

  # Only what may burst is cheap, and it has no spare.
  sizes = {
    small  = { database = "B_Standard_B1ms", storage = 32768, spare = false }
    medium = { database = "GP_Standard_D2ds_v5", storage = 65536, spare = true }
    large  = { database = "GP_Standard_D4ds_v5", storage = 131072, spare = true }
  }

  # Asleep it is as small as the smallest, but for what holds the data.
  size = merge(local.sizes[var.size], {
    for part, small in local.sizes.small : part => small if var.asleep && part != "storage"
  })

  zones = lookup(var.account, "zones", "") != "false"

  # Azure wants three kinds of characters in a password: what is handed over has small
  # letters and digits. A destroy is handed nothing, {}; an apply without a password fails
  # at the cloud.
  password = try("Pb-${jsondecode(var.handover).database_password}", null)
}
