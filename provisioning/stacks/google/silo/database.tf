resource "google_sql_database_instance" "this" {
  name                = local.name
  database_version    = "POSTGRES_17"
  encryption_key_name = lookup(var.account, "key", null)
  deletion_protection = var.protection

  settings {
    edition           = "ENTERPRISE" # the other one takes no shared or custom tiers
    tier              = local.size.database
    availability_type = local.size.spare ? "REGIONAL" : "ZONAL"

    disk_type             = "PD_SSD"
    disk_size             = local.size.storage
    disk_autoresize       = true
    disk_autoresize_limit = local.size.storage * 4

    # Terraform's own protection ends at Terraform; this one holds against everybody.
    deletion_protection_enabled = var.protection
    retain_backups_on_delete    = var.protection

    user_labels = merge(local.labels, {
      "paybill-address" = "google_sql_database_instance-this"
    })

    ip_configuration {
      ipv4_enabled       = false
      private_network    = google_compute_network.this.id
      allocated_ip_range = google_compute_global_address.databases.name
      ssl_mode           = "ENCRYPTED_ONLY"
    }

    backup_configuration {
      enabled                        = true
      start_time                     = "02:00"
      location                       = var.region # else the multi-region around it
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = min(7, max(1, var.retention_days))

      # Counted in backups, of which there is one each day; 365 at most.
      backup_retention_settings {
        retained_backups = min(365, max(1, var.retention_days))
        retention_unit   = "COUNT"
      }
    }

    insights_config {
      query_insights_enabled  = true
      record_application_tags = false
      record_client_address   = false
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }

    database_flags {
      name  = "log_disconnections"
      value = "on"
    }

    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }
  }

  timeouts {
    create = "60m"
    update = "60m"
    delete = "60m"
  }

  depends_on = [google_service_networking_connection.databases]
}

# Database and user go with their instance. Cloud SQL refuses to drop them one by one as
# soon as a role or a connection of the tenant's depends on them.
resource "google_sql_database" "this" {
  name            = "paybill"
  instance        = google_sql_database_instance.this.name
  deletion_policy = "ABANDON"
}

resource "google_sql_user" "master" {
  name                = "paybill_master"
  instance            = google_sql_database_instance.this.name
  password_wo         = local.password
  password_wo_version = var.handover_version
  deletion_policy     = "ABANDON"
}
