# The name is taken worldwide: the project's id keeps two installations apart.
resource "google_storage_bucket" "this" {
  name                        = "${local.name}-${var.account["project"]}"
  location                    = upper(var.region)
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.protection
  labels = merge(local.labels, {
    "paybill-address" = "google_storage_bucket-this"
  })

  versioning {
    enabled = true
  }

  # What is overwritten or deleted is kept as long as backups are.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = max(1, var.retention_days)
      with_state                 = "ARCHIVED"
    }
  }

  # A bucket that is given up leaves nothing behind.
  soft_delete_policy {
    retention_duration_seconds = var.protection ? 604800 : 0
  }

  dynamic "encryption" {
    for_each = compact([lookup(var.account, "key", "")])
    content {
      default_kms_key_name = encryption.value
    }
  }
}
