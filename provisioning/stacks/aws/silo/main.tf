# A network, a PostgreSQL and a container service of the tenant's own on AWS.
#
#   network.tf   VPC over two zones: the balancer in public, all else in private subnets
#   database.tf  RDS PostgreSQL
#   secrets.tf   the key that everything is encrypted with; what the service is handed
#   storage.tf   S3 bucket
#   identity.tf  who the service is, and what it may do
#   service.tf   ECS on Fargate behind a load balancer
#   domain.tf    certificate and DNS
#
# Deleting: with `protection` the cloud refuses to delete database, balancer and a bucket
# that holds something. Paybill applies once without it, then destroys. Names of secrets
# stay taken for seven days and keys are deleted late: the generation makes new names.

locals {
  # 64 bits of the tenant's id: short enough for a load balancer (32 characters).
  name = "pb-${substr(sha256(var.tenant), 0, 16)}-g${var.generation}"

  # The tag paybill:address is the resource's address here; tags take no brackets, so
  # aws_subnet.public["a"] is aws_subnet.public/a and aws_eip.nat[0] is aws_eip.nat:0.
  tags = { "paybill:deployment" = var.deployment }

  sizes = {
    small = {
      database = "db.t4g.small", storage = 20, spare = false, cpu = 512, memory = 1024
    }
    medium = {
      database = "db.m7g.large", storage = 50, spare = true, cpu = 1024, memory = 2048
    }
    large = {
      database = "db.m7g.xlarge", storage = 100, spare = true, cpu = 2048, memory = 4096
    }
  }

  # Asleep it is as small as the smallest, but for what holds the data.
  size = merge(local.sizes[var.size], {
    for part, small in local.sizes.small : part => small if var.asleep && part != "storage"
  })
  # Small databases have none.
  insights = var.size != "small" && !var.asleep

  # Whether what the cloud keeps of the database outlives the database.
  keep = var.protection || lookup(var.account, "final_snapshot", "") == "true"
}
