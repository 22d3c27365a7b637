# A database with a log-in of its own on the embedded server.
#
# terraform_data is part of Terraform itself: no provider has to be fetched. A destroy
# provisioner sees nothing but its own resource, so its values are kept as input. A unit
# that was made and not saved is imported under its own name: then only the id is known.

locals {
  name = "${substr(var.tenant, 4, 26)}_g${var.generation}"
}

resource "terraform_data" "database" {
  input = {
    id = "db_${local.name}"
  }
  triggers_replace = ["db_${local.name}"]

  provisioner "local-exec" {
    command = "\"$PAYBILL_PYTHON\" -m paybill_site.local.units add"
    environment = {
      PAYBILL_UNIT_KIND = "database"
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
