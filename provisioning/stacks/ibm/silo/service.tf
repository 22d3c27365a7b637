locals {
  environment = {
    PAYBILL_MODE                      = "tenant"
    PAYBILL_TENANT_ID                 = var.tenant
    PAYBILL_SCHEMA                    = "t_${substr(var.tenant, 4, 26)}_g${var.generation}"
    PAYBILL_DATABASE_HOST             = local.host
    PAYBILL_DATABASE_PORT             = tostring(local.port)
    PAYBILL_DATABASE_NAME             = "ibmclouddb"
    PAYBILL_DATABASE_MASTER_REFERENCE = local.login
    PAYBILL_HANDOVER_REFERENCE        = local.handover
    PAYBILL_HANDOVER_VERSION          = tostring(var.handover_version)
    PAYBILL_IDENTITY                  = local.name
    PAYBILL_STORAGE                   = "cos://${ibm_cos_bucket.this.bucket_name}"
  }
}

resource "ibm_code_engine_project" "this" {
  name              = local.name
  resource_group_id = var.account["resource_group"]
}

# Who it is, it says by a token that Code Engine gives it and the trusted profile of its
# name takes: there is no key.
resource "ibm_code_engine_app" "this" {
  project_id              = ibm_code_engine_project.this.project_id
  name                    = local.name
  image_reference         = var.image
  image_port              = 8000
  managed_domain_mappings = "local_public"

  run_compute_resource_token_enabled = true

  # One, always: it also does what is due in the background.
  scale_min_instances   = 1
  scale_max_instances   = 1
  scale_cpu_limit       = local.size.service.cpu
  scale_memory_limit    = local.size.service.memory
  scale_request_timeout = 300

  dynamic "run_env_variables" {
    for_each = local.environment
    content {
      type  = "literal"
      name  = run_env_variables.key
      value = run_env_variables.value
    }
  }

  probe_liveness {
    type              = "http"
    path              = "/health/live"
    port              = 8000
    initial_delay     = 10
    interval          = 30
    timeout           = 10
    failure_threshold = 10
  }

  timeouts {
    create = "30m"
    update = "30m"
  }
}
