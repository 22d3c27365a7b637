resource "aws_db_subnet_group" "this" {
  name        = local.name
  description = "Private subnets of ${local.name}"
  subnet_ids  = [for subnet in aws_subnet.private : subnet.id]
  tags        = merge(local.tags, { "paybill:address" = "aws_db_subnet_group.this" })
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

  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.database.id]
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
