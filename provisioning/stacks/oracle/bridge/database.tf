resource "oci_psql_db_system" "this" {
  compartment_id = var.account["compartment"]
  display_name   = local.name
  description    = "Database of ${var.deployment}"
  db_version     = "16"

  # A flexible shape: its size changes in place.
  shape                       = "PostgreSQL.VM.Standard.E5.Flex"
  instance_ocpu_count         = local.size.ocpus
  instance_memory_size_in_gbs = local.size.memory
  instance_count              = local.size.nodes

  freeform_tags = merge(local.data, { "paybill:address" = "oci_psql_db_system.this" })

  # Storage is spread over the region where it has several availability domains,
  # encrypted, and grows with what is in it.
  storage_details {
    system_type           = "OCI_OPTIMIZED_STORAGE"
    is_regionally_durable = lookup(var.account, "availability_domain", "") == ""
    availability_domain   = lookup(var.account, "availability_domain", null)
    kms_key_id            = var.account["key"]
  }

  network_details {
    subnet_id                  = var.account["subnet"]
    nsg_ids                    = compact([lookup(var.account, "security_group", "")])
    is_reader_endpoint_enabled = false
  }

  credentials {
    username = "paybill_master"

    password_details {
      password_type  = "VAULT_SECRET"
      secret_id      = oci_vault_secret.login.id
      secret_version = oci_vault_secret.login.current_version_number
    }
  }

  # What retention_days says here is how long backups are kept, and so for how long they
  # outlive the system: 1 to 35 days.
  management_policy {
    maintenance_window_start = "sun 03:00"

    backup_policy {
      kind           = "DAILY"
      backup_start   = "01:00"
      retention_days = var.protection ? min(35, max(1, var.retention_days)) : 1
    }
  }

  timeouts {
    create = "120m"
    update = "120m"
    delete = "60m"
  }

  # A password that was changed later, or a number of nodes, would replace the system and
  # all that is in it.
  lifecycle {
    ignore_changes = [credentials, instance_count]
  }
}
