# A network, a PostgreSQL and a container service of the tenant's own on Google Cloud.
#
#   network.tf   VPC network; the way to Cloud SQL, and from Cloud Run into it
#   database.tf  Cloud SQL for PostgreSQL
#   secrets.tf   log-in and handover in Secret Manager
#   storage.tf   Cloud Storage bucket
#   identity.tf  who the service is, and what it may do
#   service.tf   Cloud Run
#   domain.tf    DNS
#
# Deleting: with `protection` Terraform and Cloud SQL refuse to delete the database, and
# the bucket as long as something is in it. Paybill applies once without it, then
# destroys. An instance's name stays taken for a week: the generation makes new names.
#
# Logs of service and database go to the project's Cloud Logging by themselves, labelled
# with their names; how long they are kept is set there.

locals {
  # 64 bits of the tenant's id: short enough for a connector (25 characters).
  name = "pb-${substr(sha256(var.tenant), 0, 16)}-g${var.generation}"

  # Labels take neither capitals nor dots, colons or brackets. paybill-address is the
  # resource's address with a hyphen for its dot: no name here has a hyphen, and nothing
  # with labels has an index.
  labels = { "paybill-deployment" = var.deployment }

  sizes = {
    small = {
      database = "db-custom-1-3840", storage = 20, spare = false, cpu = "1", memory = "1Gi"
    }
    medium = {
      database = "db-custom-2-7680", storage = 50, spare = true, cpu = "1", memory = "2Gi"
    }
    large = {
      database = "db-custom-4-15360", storage = 100, spare = true, cpu = "2", memory = "4Gi"
    }
  }

  # Asleep it is as small as the smallest, but for what holds the data.
  size = merge(local.sizes[var.size], {
    for part, small in local.sizes.small : part => small if var.asleep && part != "storage"
  })

  # A destroy is handed nothing, {}; an apply without a password fails at the cloud.
  password = lookup(jsondecode(var.handover), "database_password", null)
}
