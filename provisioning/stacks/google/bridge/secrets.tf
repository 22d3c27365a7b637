# The log-in, as JSON with username and password. A secret's name is free at once when it
# is deleted, and the secret is gone for good.
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
      }
    }
  }
}

# Write-only: it is in no plan and in no state.
resource "google_secret_manager_secret_version" "login" {
  secret = google_secret_manager_secret.login.id
  secret_data_wo = jsonencode({
    username = google_sql_user.master.name
    password = local.password
  })
  secret_data_wo_version = var.handover_version
}

resource "google_secret_manager_secret_iam_member" "reader" {
  secret_id = google_secret_manager_secret.login.id
  role      = "roles/secretmanager.secretAccessor"
  member    = var.account["reader"]
}
