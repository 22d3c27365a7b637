# A PostgreSQL of the tenant's own in the subnet that bridge tenants share on Oracle Cloud.
#
# Deleting: Oracle has no protection of a database system of its own. What holds data
# carries the tag paybill:protected, by which the compartment's policies can keep everybody
# but Paybill from deleting, and with `protection` the last backups outlive the system.
# Paybill applies once without it, after which they are kept for a day, then destroys.
# A secret is deleted a day later at the earliest: the generation makes new names.
#
# No argument of the provider takes a secret without keeping it in the state. The log-in's
# password is made by the vault and read from there by the database system: Terraform
# never sees it, and the handover's is not used.

locals {
  # 64 bits of the tenant's id.
  name = "pb-${substr(sha256(var.tenant), 0, 16)}-g${var.generation}"

  # The tag paybill:address is the resource's address here.
  tags = { "paybill:deployment" = var.deployment }
  data = merge(local.tags, { "paybill:protected" = tostring(var.protection) })

  # A second node is the spare. It is there from the start or not at all: the provider adds
  # one by an operation of its own, outside of plans.
  sizes = {
    small  = { ocpus = 2, memory = 32, nodes = 1 }
    medium = { ocpus = 4, memory = 64, nodes = 2 }
    large  = { ocpus = 8, memory = 128, nodes = 2 }
  }

  # Asleep it is as small as the smallest, but for what holds the data.
  size = merge(local.sizes[var.size], {
    for part, small in local.sizes.small : part => small if var.asleep && part != "nodes"
  })
}
