# A PostgreSQL of the tenant's own in the network that bridge tenants share on AWS.
#
# Deleting: with `protection` the cloud refuses to delete the database. Paybill applies
# once without it, then destroys. The key is deleted late: the generation makes new names.

locals {
  # 64 bits of the tenant's id.
  name = "pb-${substr(sha256(var.tenant), 0, 16)}-g${var.generation}"

  # The tag paybill:address is the resource's address here.
  tags = { "paybill:deployment" = var.deployment }

  sizes = {
    small  = { database = "db.t4g.small", storage = 20, spare = false }
    medium = { database = "db.m7g.large", storage = 50, spare = true }
    large  = { database = "db.m7g.xlarge", storage = 100, spare = true }
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

# A final snapshot or kept backup can be read as long as its key exists: the key goes as
# late as AWS allows (7 to 30 days), no later than the backups would.
resource "aws_kms_key" "this" {
  description             = "Data of ${local.name}"
  enable_key_rotation     = true
  deletion_window_in_days = min(30, max(7, var.retention_days))
  tags                    = merge(local.tags, { "paybill:address" = "aws_kms_key.this" })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${local.name}"
  target_key_id = aws_kms_key.this.key_id
}

# RDS would make this group itself, keep it for ever and leave it behind.
resource "aws_cloudwatch_log_group" "database" {
  name              = "/aws/rds/instance/${local.name}/postgresql"
  retention_in_days = 30
  tags = merge(local.tags, {
    "paybill:address" = "aws_cloudwatch_log_group.database"
  })
}

resource "aws_db_instance" "this" {
  identifier     = local.name
  engine         = "postgres"
  engine_version = "18"
  instance_class = local.size.database
  multi_az       = local.size.spare

  storage_type          = "gp3"
  allocated_storage     = local.size.storage
  max_allocated_storage = local.size.storage * 4
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.this.arn

  db_name                       = "paybill"
  username                      = "paybill_master"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = aws_kms_key.this.key_id

  db_subnet_group_name   = var.account["subnet_group"]
  vpc_security_group_ids = [var.account["security_group"]]
  publicly_accessible    = false

  backup_retention_period  = min(35, var.retention_days) # RDS keeps 35 days at most
  copy_tags_to_snapshot    = true
  deletion_protection      = var.protection
  delete_automated_backups = !local.keep
  skip_final_snapshot      = !local.keep

  final_snapshot_identifier = "${local.name}-final"

  enabled_cloudwatch_logs_exports = ["postgresql"]
  performance_insights_enabled    = local.insights
  performance_insights_kms_key_id = local.insights ? aws_kms_key.this.arn : null

  auto_minor_version_upgrade = true
  apply_immediately          = true # Paybill keeps the tenant's maintenance window
  tags                       = merge(local.tags, { "paybill:address" = "aws_db_instance.this" })

  depends_on = [aws_cloudwatch_log_group.database]
}
