# A light stand-in for the bridge on AWS: things that are made at once, so that a round
# of kills does not wait minutes for RDS. Variables and versions are the real stack's.

locals {
  name = "pb-${substr(var.tenant, 4, 26)}-g${var.generation}"
  tags = { "paybill:deployment" = var.deployment }
}

resource "aws_s3_bucket" "storage" {
  bucket        = local.name
  force_destroy = !var.protection
  tags          = merge(local.tags, { "paybill:address" = "aws_s3_bucket.storage" })
}

resource "aws_s3_bucket_public_access_block" "storage" {
  bucket                  = aws_s3_bucket.storage.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_cloudwatch_log_group" "service" {
  name              = local.name
  retention_in_days = 30
  tags              = merge(local.tags, { "paybill:address" = "aws_cloudwatch_log_group.service" })
}

resource "aws_secretsmanager_secret" "login" {
  name                    = local.name
  recovery_window_in_days = 0
  tags                    = merge(local.tags, { "paybill:address" = "aws_secretsmanager_secret.login" })
}

resource "aws_secretsmanager_secret_version" "login" {
  secret_id                = aws_secretsmanager_secret.login.id
  secret_string_wo         = lookup(jsondecode(var.handover), "database_password", "-")
  secret_string_wo_version = var.handover_version
}

resource "aws_sns_topic" "alarms" {
  name       = local.name
  tags       = merge(local.tags, { "paybill:address" = "aws_sns_topic.alarms" })
  depends_on = [aws_secretsmanager_secret_version.login, aws_s3_bucket.storage]
}
