locals {
  environment = {
    PAYBILL_MODE          = "tenant"
    PAYBILL_TENANT_ID     = var.tenant
    PAYBILL_SCHEMA        = "t_${substr(var.tenant, 4, 26)}_g${var.generation}"
    PAYBILL_DATABASE_HOST = azurerm_postgresql_flexible_server.this.fqdn
    PAYBILL_DATABASE_PORT = "5432"
    PAYBILL_DATABASE_NAME = azurerm_postgresql_flexible_server_database.this.name
    PAYBILL_STORAGE       = "${azurerm_storage_account.this.primary_blob_endpoint}${azurerm_storage_container.this.name}"
    AZURE_CLIENT_ID       = azurerm_user_assigned_identity.this.client_id
  }
  secrets = {
    PAYBILL_HANDOVER        = azurerm_key_vault_secret.handover
    PAYBILL_DATABASE_MASTER = azurerm_key_vault_secret.login
  }
}

# Its key is in the state, as the provider keeps it there. It lets one write log lines.
resource "azurerm_log_analytics_workspace" "this" {
  name                = local.name
  resource_group_name = azurerm_resource_group.this.name
  location            = var.region
  sku                 = "PerGB2018"
  retention_in_days   = 30
  tags = merge(local.tags, {
    "paybill:address" = "azurerm_log_analytics_workspace.this"
  })
}

resource "azurerm_container_app_environment" "this" {
  name                           = local.name
  resource_group_name            = azurerm_resource_group.this.name
  location                       = var.region
  infrastructure_subnet_id       = azurerm_subnet.apps.id
  internal_load_balancer_enabled = false
  zone_redundancy_enabled        = local.zones
  logs_destination               = "log-analytics"
  log_analytics_workspace_id     = azurerm_log_analytics_workspace.this.id

  # Azure puts what the environment stands on into a group of its own and deletes it with
  # the environment.
  infrastructure_resource_group_name = "${local.name}-apps"

  tags = merge(local.tags, {
    "paybill:address" = "azurerm_container_app_environment.this"
  })

  workload_profile {
    name                  = "Consumption"
    workload_profile_type = "Consumption"
  }
}

resource "azurerm_container_app" "this" {
  name                         = local.name
  resource_group_name          = azurerm_resource_group.this.name
  container_app_environment_id = azurerm_container_app_environment.this.id
  workload_profile_name        = "Consumption"
  revision_mode                = "Single"
  tags                         = merge(local.tags, { "paybill:address" = "azurerm_container_app.this" })

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }

  dynamic "registry" {
    for_each = compact([lookup(var.account, "registry_server", "")])
    content {
      server   = registry.value
      identity = azurerm_user_assigned_identity.this.id
    }
  }

  # By name and version: a new one makes a new revision.
  dynamic "secret" {
    for_each = local.secrets
    content {
      name                = secret.value.name
      key_vault_secret_id = secret.value.id
      identity            = azurerm_user_assigned_identity.this.id
    }
  }

  ingress {
    external_enabled           = true
    allow_insecure_connections = false
    target_port                = 8000
    transport                  = "http"

    traffic_weight {
      latest_revision = true
      percentage      = 100
    }
  }

  template {
    # One, always: it also does what is due in the background.
    min_replicas                     = 1
    max_replicas                     = 1
    termination_grace_period_seconds = 60

    container {
      name   = "service"
      image  = var.image
      cpu    = local.size.cpu
      memory = local.size.memory

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
          name        = env.key
          secret_name = env.value.name
        }
      }

      # A secret that changed reaches new revisions only: this makes one.
      env {
        name  = "PAYBILL_HANDOVER_VERSION"
        value = tostring(var.handover_version)
      }

      # The first start makes roles and schema and migrates.
      startup_probe {
        transport               = "HTTP"
        path                    = "/health/live"
        port                    = 8000
        interval_seconds        = 60
        timeout                 = 5
        failure_count_threshold = 10
      }

      liveness_probe {
        transport               = "HTTP"
        path                    = "/health/live"
        port                    = 8000
        interval_seconds        = 30
        timeout                 = 10
        failure_count_threshold = 4
      }
    }
  }

  depends_on = [
    azurerm_key_vault_access_policy.service,
    azurerm_postgresql_flexible_server_configuration.transport,
    azurerm_private_dns_zone_virtual_network_link.blob,
    azurerm_private_dns_zone_virtual_network_link.vault,
    azurerm_private_endpoint.blob,
    azurerm_private_endpoint.vault,
    azurerm_role_assignment.pull,
  ]
}
