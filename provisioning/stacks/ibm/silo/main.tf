# A network, a PostgreSQL and a container service of the tenant's own on IBM Cloud.
#
#   network.tf   VPC with a private address for the database
#   database.tf  Databases for PostgreSQL
#   secrets.tf   the key that everything is encrypted with; the place for log-in and handover
#   storage.tf   Object Storage
#   service.tf   Code Engine
#   domain.tf    DNS
#
# Deleting: with `protection` Terraform refuses to delete the database, and the bucket and
# the key as long as something is in it or under it. Paybill applies once without it, then
# destroys. Deleted instances and keys can be had back for some days, and their names are
# taken as long: the generation makes new names.
#
# No argument of the provider takes a secret without keeping it in the state, neither the
# administrator's password nor a resource key nor a secret of Code Engine. The stack makes
# the place for log-in and handover; after the apply Paybill gives the administrator its
# password by IBM's API, puts both there, and makes the trusted profile by which this one
# service reads them. Until then nobody can log in, and the service asks. Before the
# destroy Paybill takes both away: a group of secrets is deleted only when it is empty.
#
# Code Engine's resources and buckets carry no tags with this provider: their names do.
# Logs go to the account's Cloud Logs, as its routing says.

locals {
  # 64 bits of the tenant's id.
  name = "pb-${substr(sha256(var.tenant), 0, 16)}-g${var.generation}"

  # Tags are texts. paybill:address is the resource's address here.
  mark = "paybill:deployment:${var.deployment}"

  # For each of the members, of which there are two in two zones, whatever the size. On
  # shared hosts 0 CPU means: an eighth of the memory's gigabytes.
  sizes = {
    small = {
      host    = "multitenant", cpu = 0, memory = 4096, disk = 10240
      service = { cpu = "0.5", memory = "2G" }
    }
    medium = {
      host    = "multitenant", cpu = 2, memory = 8192, disk = 40960
      service = { cpu = "1", memory = "4G" }
    }
    large = {
      host    = "b3c.4x16.encrypted", cpu = null, memory = null, disk = 102400
      service = { cpu = "2", memory = "8G" }
    }
  }

  # Asleep it is as small as the smallest, but for what holds the data.
  size = merge(local.sizes[var.size], {
    for part, small in local.sizes.small : part => small if var.asleep && part != "disk"
  })

  # Addresses of Secrets Manager's API, by names: group, type, secret.
  secrets  = "https://${var.account["secrets_manager"]}.${var.account["secrets_region"]}.secrets-manager.appdomain.cloud/api/v2"
  kept     = "${local.secrets}/secret_groups/${ibm_sm_secret_group.this.name}/secret_types/arbitrary/secrets"
  login    = "${local.kept}/${local.name}-login"
  handover = "${local.kept}/${local.name}-handover"

  host = data.ibm_database_connection.this.postgres[0].hosts[0].hostname
  port = data.ibm_database_connection.this.postgres[0].hosts[0].port
}
