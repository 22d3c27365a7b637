# IBM makes a backup each day and keeps it for 30 days, with the log of what changed since:
# retention_days is not for it to say.
resource "ibm_database" "this" {
  name              = local.name
  service           = "databases-for-postgresql"
  plan              = "standard"
  version           = "16"
  location          = var.region
  resource_group_id = var.account["resource_group"]

  service_endpoints         = "private"
  deletion_protection       = var.protection
  key_protect_key           = ibm_kms_key.this.crn
  backup_encryption_key_crn = ibm_kms_key.this.crn

  tags = [local.mark, "paybill:address:ibm_database.this"]

  group {
    group_id = "member"

    members {
      allocation_count = 2
    }

    host_flavor {
      id = local.size.host
    }

    disk {
      allocation_mb = local.size.disk
    }

    # A host of one's own comes with its memory and processors.
    dynamic "memory" {
      for_each = local.size.memory == null ? [] : [local.size.memory]
      content {
        allocation_mb = memory.value
      }
    }

    dynamic "cpu" {
      for_each = local.size.cpu == null ? [] : [local.size.cpu]
      content {
        allocation_count = cpu.value
      }
    }
  }

  # Disks grow and never shrink.
  auto_scaling {
    disk {
      capacity_enabled             = true
      free_space_less_than_percent = 15
      rate_increase_percent        = 20
      rate_limit_mb_per_member     = local.size.disk * 4
      rate_period_seconds          = 900
      rate_units                   = "mb"
    }
  }

  configuration = jsonencode({
    log_connections    = "on"
    log_disconnections = "on"
  })

  timeouts {
    create = "120m"
    update = "120m"
    delete = "60m"
  }
}

# Host and port; passwords are not in what IBM answers.
data "ibm_database_connection" "this" {
  deployment_id = ibm_database.this.id
  user_type     = "database"
  user_id       = "admin"
  endpoint_type = "private"
}
