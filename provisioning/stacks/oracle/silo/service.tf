data "oci_identity_availability_domains" "all" {
  compartment_id = var.account["tenancy"]
}

locals {
  address = cidrhost(cidrsubnet(var.network, 2, 1), 10)

  environment = {
    PAYBILL_MODE                      = "tenant"
    PAYBILL_TENANT_ID                 = var.tenant
    PAYBILL_SCHEMA                    = "t_${substr(var.tenant, 4, 26)}_g${var.generation}"
    PAYBILL_DATABASE_HOST             = oci_psql_db_system.this.network_details[0].primary_db_endpoint_private_ip
    PAYBILL_DATABASE_PORT             = "5432"
    PAYBILL_DATABASE_NAME             = "postgres"
    PAYBILL_DATABASE_MASTER_USER      = "paybill_master"
    PAYBILL_DATABASE_MASTER_REFERENCE = oci_vault_secret.login.id
    PAYBILL_HANDOVER_REFERENCE        = oci_vault_secret.handover.id
    PAYBILL_HANDOVER_VERSION          = tostring(var.handover_version)
    PAYBILL_STORAGE                   = "oci://${oci_objectstorage_bucket.this.name}@${oci_objectstorage_bucket.this.namespace}"
  }
}

# One container: Oracle neither scales nor replaces it. It is started again when it ends,
# and a change makes a new one in its place, at the same address.
resource "oci_container_instances_container_instance" "this" {
  compartment_id           = var.account["compartment"]
  display_name             = local.name
  availability_domain      = data.oci_identity_availability_domains.all.availability_domains[0].name
  shape                    = "CI.Standard.E4.Flex"
  container_restart_policy = "ALWAYS"

  graceful_shutdown_timeout_in_seconds = "60"

  freeform_tags = merge(local.tags, {
    "paybill:address" = "oci_container_instances_container_instance.this"
  })

  shape_config {
    ocpus         = local.size.service.ocpus
    memory_in_gbs = local.size.service.memory
  }

  vnics {
    display_name          = local.name
    subnet_id             = oci_core_subnet.private.id
    private_ip            = local.address
    nsg_ids               = [oci_core_network_security_group.service.id]
    is_public_ip_assigned = false
  }

  containers {
    display_name          = "service"
    image_url             = var.image
    environment_variables = local.environment

    security_context {
      security_context_type          = "LINUX"
      is_non_root_user_check_enabled = true

      capabilities {
        drop_capabilities = ["ALL"]
      }
    }

    # The first start makes roles and schema and migrates.
    health_checks {
      health_check_type        = "HTTP"
      name                     = "live"
      path                     = "/health/live"
      port                     = local.port
      initial_delay_in_seconds = 300
      interval_in_seconds      = 30
      timeout_in_seconds       = 10
      failure_threshold        = 4
      failure_action           = "KILL"
    }
  }

  dynamic "image_pull_secrets" {
    for_each = compact([lookup(var.account, "puller", "")])
    content {
      secret_type       = "VAULT"
      registry_endpoint = var.account["registry"]
      secret_id         = image_pull_secrets.value
    }
  }

  depends_on = [
    oci_core_network_security_group_security_rule.service_database,
    oci_core_network_security_group_security_rule.service_oracle,
    oci_core_network_security_group_security_rule.service_out,
  ]
}

resource "oci_load_balancer_load_balancer" "this" {
  compartment_id               = var.account["compartment"]
  display_name                 = local.name
  shape                        = "flexible"
  subnet_ids                   = [oci_core_subnet.public.id]
  network_security_group_ids   = [oci_core_network_security_group.balancer.id]
  is_private                   = false
  is_delete_protection_enabled = var.protection
  freeform_tags = merge(local.tags, {
    "paybill:address" = "oci_load_balancer_load_balancer.this"
  })

  shape_details {
    minimum_bandwidth_in_mbps = 10
    maximum_bandwidth_in_mbps = 100
  }
}

resource "oci_load_balancer_backend_set" "this" {
  load_balancer_id = oci_load_balancer_load_balancer.this.id
  name             = "service"
  policy           = "LEAST_CONNECTIONS"

  health_checker {
    protocol          = "HTTP"
    port              = local.port
    url_path          = "/health/live"
    return_code       = 200
    interval_ms       = 10000
    timeout_in_millis = 5000
    retries           = 3
  }
}

resource "oci_load_balancer_backend" "this" {
  load_balancer_id = oci_load_balancer_load_balancer.this.id
  backendset_name  = oci_load_balancer_backend_set.this.name
  ip_address       = oci_container_instances_container_instance.this.vnics[0].private_ip
  port             = local.port
}

resource "oci_load_balancer_listener" "https" {
  load_balancer_id         = oci_load_balancer_load_balancer.this.id
  name                     = "https"
  default_backend_set_name = oci_load_balancer_backend_set.this.name
  port                     = 443
  protocol                 = "HTTP2"

  ssl_configuration {
    certificate_ids         = [var.account["certificate"]]
    protocols               = ["TLSv1.2", "TLSv1.3"]
    cipher_suite_name       = "oci-default-http2-tls-12-13-ssl-cipher-suite-v1"
    verify_peer_certificate = false # of whoever comes: everybody may
  }

  connection_configuration {
    idle_timeout_in_seconds = "60"
  }
}
