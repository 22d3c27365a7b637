# Both are JSON documents; the image's entry point reads them. A secret's name is free at
# once when it is deleted, and the secret is gone for good.
resource "google_secret_manager_secret" "login" {
  secret_id           = "${local.name}-login"
  deletion_protection = var.protection
  labels = merge(local.labels, {
    "paybill-address" = "google_secret_manager_secret-login"
  })

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = compact([lookup(var.account, "key", "")])
          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }
}

resource "google_secret_manager_secret" "handover" {
  secret_id           = "${local.name}-handover"
  deletion_protection = var.protection
  labels = merge(local.labels, {
    "paybill-address" = "google_secret_manager_secret-handover"
  })

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = compact([lookup(var.account, "key", "")])
          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }
}

# Write-only: they are in no plan and in no state. A new version is there before the old
# one goes, and the service is told its number, so that it starts again with it.
resource "google_secret_manager_secret_version" "login" {
  secret = google_secret_manager_secret.login.id
  secret_data_wo = jsonencode({
    username = google_sql_user.master.name
    password = local.password
  })
  secret_data_wo_version = var.handover_version

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_version" "handover" {
  secret                 = google_secret_manager_secret.handover.id
  secret_data_wo         = var.handover
  secret_data_wo_version = var.handover_version

  lifecycle {
    create_before_destroy = true
  }
}
