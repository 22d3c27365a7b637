# Who the service is, Oracle tells by the container instance itself: there is no key, and
# this one instance reads its own two secrets and works in its own bucket. The policy holds
# some seconds after the instance starts; the service asks until it does.
resource "oci_identity_policy" "service" {
  provider = oci.home

  compartment_id = var.account["compartment"]
  name           = local.name
  description    = "What the service of ${var.deployment} may do"
  freeform_tags  = merge(local.tags, { "paybill:address" = "oci_identity_policy.service" })

  statements = [
    "Allow any-user to read secret-bundles in compartment id ${var.account["compartment"]} where all {${local.service}, any {target.secret.id = '${oci_vault_secret.login.id}', target.secret.id = '${oci_vault_secret.handover.id}'}}",
    "Allow any-user to read buckets in compartment id ${var.account["compartment"]} where all {${local.service}, target.bucket.name = '${oci_objectstorage_bucket.this.name}'}",
    "Allow any-user to manage objects in compartment id ${var.account["compartment"]} where all {${local.service}, target.bucket.name = '${oci_objectstorage_bucket.this.name}'}",
  ]
}

locals {
  service = "request.principal.type = 'computecontainerinstance', request.principal.id = '${oci_container_instances_container_instance.this.id}'"
}
