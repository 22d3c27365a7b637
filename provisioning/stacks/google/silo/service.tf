locals {
  environment = {
    PAYBILL_MODE          = "tenant"
    PAYBILL_TENANT_ID     = var.tenant
    PAYBILL_SCHEMA        = "t_${substr(var.tenant, 4, 26)}_g${var.generation}"
    PAYBILL_DATABASE_HOST = google_sql_database_instance.this.private_ip_address
    PAYBILL_DATABASE_PORT = "5432"
    PAYBILL_DATABASE_NAME = google_sql_database.this.name
    PAYBILL_STORAGE       = "gs://${google_storage_bucket.this.name}"
  }
  secrets = {
    PAYBILL_HANDOVER        = google_secret_manager_secret_version.handover
    PAYBILL_DATABASE_MASTER = google_secret_manager_secret_version.login
  }
}

# Whoever the service lets in is the service's own business: it asks for a log-in itself,
# so Google asks for none. It holds no data and is not protected.
resource "google_cloud_run_v2_service" "this" {
  name                 = local.name
  location             = var.region
  ingress              = "INGRESS_TRAFFIC_ALL"
  invoker_iam_disabled = true
  deletion_protection  = false
  labels = merge(local.labels, {
    "paybill-address" = "google_cloud_run_v2_service-this"
  })

  template {
    service_account       = google_service_account.this.email
    execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
    timeout               = "300s"

    # One, always: it also does what is due in the background.
    scaling {
      min_instance_count = 1
      max_instance_count = 1
    }

    # To the internet Cloud Run goes by itself; only private addresses are in the network.
    vpc_access {
      connector = google_vpc_access_connector.this.id
      egress    = "PRIVATE_RANGES_ONLY"
    }

    containers {
      image = var.image

      ports {
        container_port = 8000
      }

      resources {
        limits            = { cpu = local.size.cpu, memory = local.size.memory }
        cpu_idle          = false
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = local.environment
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = local.secrets
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = env.value.secret
              version = env.value.version
            }
          }
        }
      }

      # The first start makes roles and schema and migrates. Cloud Run waits for four
      # minutes at most.
      startup_probe {
        period_seconds    = 10
        failure_threshold = 24
        timeout_seconds   = 5
        http_get {
          path = "/health/live"
          port = 8000
        }
      }

      liveness_probe {
        period_seconds    = 30
        failure_threshold = 4
        timeout_seconds   = 10
        http_get {
          path = "/health/live"
          port = 8000
        }
      }
    }
  }

  traffic {
    type    = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    percent = 100
  }

  depends_on = [
    google_compute_firewall.databases,
    google_secret_manager_secret_iam_member.handover,
    google_secret_manager_secret_iam_member.login,
    google_sql_user.master,
  ]
}
