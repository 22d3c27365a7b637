# The service reads its own two secrets and works in its own bucket. Nothing in the
# project is open to it, and nobody has a key for it.
resource "google_service_account" "this" {
  account_id   = local.name
  display_name = "Service of ${var.deployment}"
}

resource "google_secret_manager_secret_iam_member" "login" {
  secret_id = google_secret_manager_secret.login.id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.this.email}"
}

resource "google_secret_manager_secret_iam_member" "handover" {
  secret_id = google_secret_manager_secret.handover.id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.this.email}"
}

resource "google_storage_bucket_iam_member" "this" {
  bucket = google_storage_bucket.this.name
  role   = "roles/storage.objectUser"
  member = "serviceAccount:${google_service_account.this.email}"
}
