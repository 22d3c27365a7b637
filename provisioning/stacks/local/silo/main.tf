# A PostgreSQL server and a process of the tenant's own on this machine.
#
# terraform_data is part of Terraform itself: no provider has to be fetched. A destroy
# provisioner sees nothing but its own resource, so its values are kept as input. A unit
# that was made and not saved is imported under its own name: then only the id is known.

locals {
  name = "${substr(var.tenant, 4, 26)}_g${var.generation}"
}

resource "terraform_data" "server" {
  input = {
    id = "pg_${local.name}"
  }
  triggers_replace = ["pg_${local.name}"]

  provisioner "local-exec" {
    command = "\"$PAYBILL_PYTHON\" -m paybill_site.local.units add"
    environment = {
      PAYBILL_UNIT_KIND = "server"
      PAYBILL_UNIT_ID   = self.input.id
    }
  }

  provisioner "local-exec" {
    when    = destroy
    command = "\"$PAYBILL_PYTHON\" -m paybill_site.local.units remove"
    environment = {
      PAYBILL_UNIT_ID = try(self.input.id, self.id)
    }
  }
}

resource "terraform_data" "service" {
  input = {
    id     = "web_${local.name}"
    server = terraform_data.server.output.id
    tenant = var.tenant
    schema = "t_${local.name}"
  }
  triggers_replace = ["web_${local.name}", terraform_data.server.id]

  provisioner "local-exec" {
    command = "\"$PAYBILL_PYTHON\" -m paybill_site.local.units add"
    environment = {
      PAYBILL_UNIT_KIND   = "tenant"
      PAYBILL_UNIT_ID     = self.input.id
      PAYBILL_UNIT_SERVER = self.input.server
      PAYBILL_UNIT_TENANT = self.input.tenant
      PAYBILL_UNIT_SCHEMA = self.input.schema
    }
  }

  provisioner "local-exec" {
    when    = destroy
    command = "\"$PAYBILL_PYTHON\" -m paybill_site.local.units remove"
    environment = {
      PAYBILL_UNIT_ID = try(self.input.id, self.id)
    }
  }
}
