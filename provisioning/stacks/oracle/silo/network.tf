resource "oci_core_vcn" "this" {
  compartment_id = var.account["compartment"]
  display_name   = local.name
  cidr_blocks    = [var.network]
  freeform_tags  = merge(local.tags, { "paybill:address" = "oci_core_vcn.this" })
}

# Every VCN comes with a list that lets SSH in from everywhere. The subnets have this one,
# which lets nothing in or out: what is allowed is in groups (firewall.tf).
resource "oci_core_security_list" "closed" {
  compartment_id = var.account["compartment"]
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${local.name}-closed"
  freeform_tags  = merge(local.tags, { "paybill:address" = "oci_core_security_list.closed" })
}

resource "oci_core_internet_gateway" "this" {
  compartment_id = var.account["compartment"]
  vcn_id         = oci_core_vcn.this.id
  display_name   = local.name
  freeform_tags  = merge(local.tags, { "paybill:address" = "oci_core_internet_gateway.this" })
}

resource "oci_core_nat_gateway" "this" {
  compartment_id = var.account["compartment"]
  vcn_id         = oci_core_vcn.this.id
  display_name   = local.name
  freeform_tags  = merge(local.tags, { "paybill:address" = "oci_core_nat_gateway.this" })
}

# Oracle's own services, vault and object storage among them, without the internet.
data "oci_core_services" "all" {
  filter {
    name   = "name"
    values = ["All .* Services In Oracle Services Network"]
    regex  = true
  }
}

locals {
  services = data.oci_core_services.all.services[0]
}

resource "oci_core_service_gateway" "this" {
  compartment_id = var.account["compartment"]
  vcn_id         = oci_core_vcn.this.id
  display_name   = local.name
  freeform_tags  = merge(local.tags, { "paybill:address" = "oci_core_service_gateway.this" })

  services {
    service_id = local.services.id
  }
}

resource "oci_core_route_table" "public" {
  compartment_id = var.account["compartment"]
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${local.name}-public"
  freeform_tags  = merge(local.tags, { "paybill:address" = "oci_core_route_table.public" })

  route_rules {
    destination       = "0.0.0.0/0"
    destination_type  = "CIDR_BLOCK"
    network_entity_id = oci_core_internet_gateway.this.id
  }
}

resource "oci_core_route_table" "private" {
  compartment_id = var.account["compartment"]
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${local.name}-private"
  freeform_tags  = merge(local.tags, { "paybill:address" = "oci_core_route_table.private" })

  route_rules {
    destination       = "0.0.0.0/0"
    destination_type  = "CIDR_BLOCK"
    network_entity_id = oci_core_nat_gateway.this.id
  }

  route_rules {
    destination       = local.services.cidr_block
    destination_type  = "SERVICE_CIDR_BLOCK"
    network_entity_id = oci_core_service_gateway.this.id
  }
}

# Databases speak to Oracle's services and to nobody else.
resource "oci_core_route_table" "database" {
  compartment_id = var.account["compartment"]
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${local.name}-database"
  freeform_tags  = merge(local.tags, { "paybill:address" = "oci_core_route_table.database" })

  route_rules {
    destination       = local.services.cidr_block
    destination_type  = "SERVICE_CIDR_BLOCK"
    network_entity_id = oci_core_service_gateway.this.id
  }
}

resource "oci_core_subnet" "public" {
  compartment_id             = var.account["compartment"]
  vcn_id                     = oci_core_vcn.this.id
  display_name               = "${local.name}-public"
  cidr_block                 = cidrsubnet(var.network, 2, 0)
  route_table_id             = oci_core_route_table.public.id
  security_list_ids          = [oci_core_security_list.closed.id]
  prohibit_internet_ingress  = false
  prohibit_public_ip_on_vnic = false
  freeform_tags              = merge(local.tags, { "paybill:address" = "oci_core_subnet.public" })
}

resource "oci_core_subnet" "private" {
  compartment_id             = var.account["compartment"]
  vcn_id                     = oci_core_vcn.this.id
  display_name               = "${local.name}-private"
  cidr_block                 = cidrsubnet(var.network, 2, 1)
  route_table_id             = oci_core_route_table.private.id
  security_list_ids          = [oci_core_security_list.closed.id]
  prohibit_internet_ingress  = true
  prohibit_public_ip_on_vnic = true
  freeform_tags              = merge(local.tags, { "paybill:address" = "oci_core_subnet.private" })
}

resource "oci_core_subnet" "database" {
  compartment_id             = var.account["compartment"]
  vcn_id                     = oci_core_vcn.this.id
  display_name               = "${local.name}-database"
  cidr_block                 = cidrsubnet(var.network, 2, 2)
  route_table_id             = oci_core_route_table.database.id
  security_list_ids          = [oci_core_security_list.closed.id]
  prohibit_internet_ingress  = true
  prohibit_public_ip_on_vnic = true
  freeform_tags              = merge(local.tags, { "paybill:address" = "oci_core_subnet.database" })
}
