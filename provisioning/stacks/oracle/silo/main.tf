# A network, a PostgreSQL and a container service of the tenant's own on Oracle Cloud.
#
#   network.tf   VCN: the balancer in a public subnet, all else in private ones
#   firewall.tf  who may speak to whom
#   database.tf  OCI Database with PostgreSQL
#   secrets.tf   the key that everything is encrypted with; log-in and handover in the vault
#   storage.tf   Object Storage bucket
#   identity.tf  what the service may do
#   service.tf   a container instance behind a load balancer
#   domain.tf    DNS
#
# Deleting: Oracle has no protection of a database system of its own. What holds data
# carries the tag paybill:protected, by which the compartment's policies can keep everybody
# but Paybill from deleting, the balancer refuses, and with `protection` the last backups
# outlive the system. Paybill applies once without it, after which they are kept for a day,
# then destroys. A secret is deleted a day later at the earliest and a key after seven, and
# a bucket has to be empty, which Paybill sees to: the generation makes new names.
#
# No argument of the provider takes a secret without keeping it in the state. The log-in's
# password is made by the vault and read from there by the database system; the handover
# is put into its secret by Paybill after the apply. Terraform never sees either, and the
# service reads both from the vault itself.
#
# Logs of the container are kept by Oracle with the container instance; balancer and
# network write theirs when the compartment's log group asks for them.

locals {
  # 64 bits of the tenant's id.
  name = "pb-${substr(sha256(var.tenant), 0, 16)}-g${var.generation}"

  # The tag paybill:address is the resource's address here.
  tags = { "paybill:deployment" = var.deployment }
  data = merge(local.tags, { "paybill:protected" = tostring(var.protection) })

  # A second node is the spare. It is there from the start or not at all: the provider adds
  # one by an operation of its own, outside of plans.
  sizes = {
    small  = { ocpus = 2, memory = 32, nodes = 1, service = { ocpus = 1, memory = 2 } }
    medium = { ocpus = 4, memory = 64, nodes = 2, service = { ocpus = 1, memory = 4 } }
    large  = { ocpus = 8, memory = 128, nodes = 2, service = { ocpus = 2, memory = 8 } }
  }

  # Asleep it is as small as the smallest, but for what holds the data.
  size = merge(local.sizes[var.size], {
    for part, small in local.sizes.small : part => small if var.asleep && part != "nodes"
  })
}
