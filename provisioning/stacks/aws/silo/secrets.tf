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

resource "aws_secretsmanager_secret" "handover" {
  name                    = "${local.name}-handover"
  description             = "What the service needs to start: licence, token, keys"
  kms_key_id              = aws_kms_key.this.arn
  recovery_window_in_days = 7
  tags = merge(local.tags, {
    "paybill:address" = "aws_secretsmanager_secret.handover"
  })
}

# Write-only: it is in no plan and in no state.
resource "aws_secretsmanager_secret_version" "handover" {
  secret_id                = aws_secretsmanager_secret.handover.id
  secret_string_wo         = var.handover
  secret_string_wo_version = var.handover_version
}
