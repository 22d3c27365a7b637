# The internet to the balancer, the balancer to the service, the service to the database
# and out by HTTPS and mail submission, and nothing else. Protocol 6 is TCP.
locals {
  port = 8000
}

resource "oci_core_network_security_group" "balancer" {
  compartment_id = var.account["compartment"]
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${local.name}-balancer"
  freeform_tags = merge(local.tags, {
    "paybill:address" = "oci_core_network_security_group.balancer"
  })
}

resource "oci_core_network_security_group" "service" {
  compartment_id = var.account["compartment"]
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${local.name}-service"
  freeform_tags = merge(local.tags, {
    "paybill:address" = "oci_core_network_security_group.service"
  })
}

resource "oci_core_network_security_group" "database" {
  compartment_id = var.account["compartment"]
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${local.name}-database"
  freeform_tags = merge(local.tags, {
    "paybill:address" = "oci_core_network_security_group.database"
  })
}

resource "oci_core_network_security_group_security_rule" "internet" {
  network_security_group_id = oci_core_network_security_group.balancer.id
  description               = "HTTPS from the internet"
  direction                 = "INGRESS"
  protocol                  = "6"
  source                    = "0.0.0.0/0"
  source_type               = "CIDR_BLOCK"

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}

resource "oci_core_network_security_group_security_rule" "balancer_service" {
  network_security_group_id = oci_core_network_security_group.balancer.id
  description               = "to the service"
  direction                 = "EGRESS"
  protocol                  = "6"
  destination               = oci_core_network_security_group.service.id
  destination_type          = "NETWORK_SECURITY_GROUP"

  tcp_options {
    destination_port_range {
      min = local.port
      max = local.port
    }
  }
}

resource "oci_core_network_security_group_security_rule" "service_balancer" {
  network_security_group_id = oci_core_network_security_group.service.id
  description               = "from the balancer"
  direction                 = "INGRESS"
  protocol                  = "6"
  source                    = oci_core_network_security_group.balancer.id
  source_type               = "NETWORK_SECURITY_GROUP"

  tcp_options {
    destination_port_range {
      min = local.port
      max = local.port
    }
  }
}

resource "oci_core_network_security_group_security_rule" "service_database" {
  network_security_group_id = oci_core_network_security_group.service.id
  description               = "to the database"
  direction                 = "EGRESS"
  protocol                  = "6"
  destination               = oci_core_network_security_group.database.id
  destination_type          = "NETWORK_SECURITY_GROUP"

  tcp_options {
    destination_port_range {
      min = 5432
      max = 5432
    }
  }
}

resource "oci_core_network_security_group_security_rule" "service_out" {
  for_each = { https = 443, mail = 587, mails = 465 }

  network_security_group_id = oci_core_network_security_group.service.id
  description               = "to the control plane, to registries, and mail"
  direction                 = "EGRESS"
  protocol                  = "6"
  destination               = "0.0.0.0/0"
  destination_type          = "CIDR_BLOCK"

  tcp_options {
    destination_port_range {
      min = each.value
      max = each.value
    }
  }
}

resource "oci_core_network_security_group_security_rule" "service_oracle" {
  network_security_group_id = oci_core_network_security_group.service.id
  description               = "HTTPS to Oracle services"
  direction                 = "EGRESS"
  protocol                  = "6"
  destination               = local.services.cidr_block
  destination_type          = "SERVICE_CIDR_BLOCK"

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}

resource "oci_core_network_security_group_security_rule" "database_service" {
  network_security_group_id = oci_core_network_security_group.database.id
  description               = "from the service"
  direction                 = "INGRESS"
  protocol                  = "6"
  source                    = oci_core_network_security_group.service.id
  source_type               = "NETWORK_SECURITY_GROUP"

  tcp_options {
    destination_port_range {
      min = 5432
      max = 5432
    }
  }
}

resource "oci_core_network_security_group_security_rule" "database_spare" {
  network_security_group_id = oci_core_network_security_group.database.id
  description               = "from the other node"
  direction                 = "INGRESS"
  protocol                  = "6"
  source                    = oci_core_network_security_group.database.id
  source_type               = "NETWORK_SECURITY_GROUP"

  tcp_options {
    destination_port_range {
      min = 5432
      max = 5432
    }
  }
}

resource "oci_core_network_security_group_security_rule" "spare_database" {
  network_security_group_id = oci_core_network_security_group.database.id
  description               = "to the other node"
  direction                 = "EGRESS"
  protocol                  = "6"
  destination               = oci_core_network_security_group.database.id
  destination_type          = "NETWORK_SECURITY_GROUP"

  tcp_options {
    destination_port_range {
      min = 5432
      max = 5432
    }
  }
}

resource "oci_core_network_security_group_security_rule" "database_oracle" {
  network_security_group_id = oci_core_network_security_group.database.id
  description               = "backups, keys"
  direction                 = "EGRESS"
  protocol                  = "6"
  destination               = local.services.cidr_block
  destination_type          = "SERVICE_CIDR_BLOCK"

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}
