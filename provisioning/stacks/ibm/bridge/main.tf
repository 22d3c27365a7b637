# A PostgreSQL of the tenant's own on IBM Cloud, reached by IBM's private network.
#
# Deleting: with `protection` Terraform refuses to delete the database. Paybill applies once
# without it, then destroys. A deleted instance can be had back for some days, and its name
# is taken as long: the generation makes new names.
#
# No argument of the provider takes a secret without keeping it in the state, neither the
# administrator's password nor a resource key. The stack makes the place for the log-in;
# after the apply Paybill gives the administrator its password by IBM's API and puts the
# log-in there. Until then nobody can log in. Before the destroy Paybill takes it away:
# a group of secrets is deleted only when it is empty.

locals {
  # 64 bits of the tenant's id.
  name = "pb-${substr(sha256(var.tenant), 0, 16)}-g${var.generation}"

  # Tags are texts. paybill:address is the resource's address here.
  mark = "paybill:deployment:${var.deployment}"

  # For each of the members, of which there are two in two zones, whatever the size. On
  # shared hosts 0 CPU means: an eighth of the memory's gigabytes.
  sizes = {
    small  = { host = "multitenant", cpu = 0, memory = 4096, disk = 10240 }
    medium = { host = "multitenant", cpu = 2, memory = 8192, disk = 40960 }
    large  = { host = "b3c.4x16.encrypted", cpu = null, memory = null, disk = 102400 }
  }

  # Asleep it is as small as the smallest, but for what holds the data.
  size = merge(local.sizes[var.size], {
    for part, small in local.sizes.small : part => small if var.asleep && part != "disk"
  })

  # An address of Secrets Manager's API, by names: group, type, secret.
  secrets = "https://${var.account["secrets_manager"]}.${var.account["secrets_region"]}.secrets-manager.appdomain.cloud/api/v2"
  login   = "${local.secrets}/secret_groups/${ibm_sm_secret_group.this.name}/secret_types/arbitrary/secrets/${local.name}-login"

  host = data.ibm_database_connection.this.postgres[0].hosts[0].hostname
  port = data.ibm_database_connection.this.postgres[0].hosts[0].port
}
