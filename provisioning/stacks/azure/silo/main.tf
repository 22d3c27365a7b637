# A network, a PostgreSQL and a container service of the tenant's own on Azure.
#
#   network.tf   resource group and virtual network: apps, database and private endpoints
#   firewall.tf  who may speak to the database
#   database.tf  Database for PostgreSQL, flexible server
#   secrets.tf   log-in and handover in a Key Vault
#   storage.tf   blob storage
#   identity.tf  who the service is, and what it may do
#   service.tf   Container Apps, and their logs
#   domain.tf    DNS
#
# Deleting: Azure has no protection of a server of its own, and a lock would stop Paybill as
# well as anybody else. What holds data carries the tag paybill:protected; a policy of the
# subscription with the effect denyAction refuses to delete what has it as "true". Paybill
# applies once without protection, then destroys; the resource group goes last, and only
# when it is empty. The name of a vault stays taken as long as it can be recovered: the
# generation makes new names, and the destroy purges it.

locals {
  # 64 bits of the tenant's id: short enough for a vault (24 characters).
  name = "pb-${substr(sha256(var.tenant), 0, 16)}-g${var.generation}"

  # The tag paybill:address is the resource's address here. Names of tags take no colon at
  # Azure DNS: there they have a hyphen for it.
  tags = { "paybill:deployment" = var.deployment }
  data = merge(local.tags, { "paybill:protected" = tostring(var.protection) })
  dns  = { "paybill-deployment" = var.deployment }

  # Only what may burst is cheap, and it has no spare.
  sizes = {
    small = {
      database = "B_Standard_B1ms", storage = 32768, spare = false, cpu = 0.5, memory = "1Gi"
    }
    medium = {
      database = "GP_Standard_D2ds_v5", storage = 65536, spare = true, cpu = 1, memory = "2Gi"
    }
    large = {
      database = "GP_Standard_D4ds_v5", storage = 131072, spare = true, cpu = 2, memory = "4Gi"
    }
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
