# Code Engine stands in no VPC and reaches database and bucket by IBM's private network.
# This one gives the database an address in the tenant's own range, from which alone it is
# reached by whatever is added to the silo: a bastion, a VPN, a job.
locals {
  zone = "${var.region}-1"
}

resource "ibm_is_vpc" "this" {
  name                      = local.name
  resource_group            = var.account["resource_group"]
  address_prefix_management = "manual"
  no_sg_acl_rules           = true # its default group lets nothing in
  tags                      = [local.mark, "paybill:address:ibm_is_vpc.this"]
}

resource "ibm_is_vpc_address_prefix" "this" {
  name = local.name
  vpc  = ibm_is_vpc.this.id
  zone = local.zone
  cidr = var.network
}

resource "ibm_is_subnet" "this" {
  name            = local.name
  resource_group  = var.account["resource_group"]
  vpc             = ibm_is_vpc.this.id
  zone            = local.zone
  ipv4_cidr_block = cidrsubnet(var.network, 1, 0)
  tags            = [local.mark, "paybill:address:ibm_is_subnet.this"]

  depends_on = [ibm_is_vpc_address_prefix.this]
}

resource "ibm_is_security_group" "database" {
  name           = "${local.name}-database"
  resource_group = var.account["resource_group"]
  vpc            = ibm_is_vpc.this.id
  tags           = [local.mark, "paybill:address:ibm_is_security_group.database"]
}

resource "ibm_is_security_group_rule" "database" {
  group     = ibm_is_security_group.database.id
  direction = "inbound"
  remote    = ibm_is_subnet.this.ipv4_cidr_block
  protocol  = "tcp"
  port_min  = local.port
  port_max  = local.port
}

resource "ibm_is_virtual_endpoint_gateway" "database" {
  name            = "${local.name}-database"
  resource_group  = var.account["resource_group"]
  vpc             = ibm_is_vpc.this.id
  security_groups = [ibm_is_security_group.database.id]
  tags            = [local.mark, "paybill:address:ibm_is_virtual_endpoint_gateway.database"]

  target {
    crn           = ibm_database.this.id
    resource_type = "provider_cloud_service"
  }

  ips {
    subnet = ibm_is_subnet.this.id
    name   = "${local.name}-database"
  }
}
