data "oci_objectstorage_namespace" "this" {
  compartment_id = var.account["tenancy"]
}

resource "oci_objectstorage_bucket" "this" {
  compartment_id = var.account["compartment"]
  namespace      = data.oci_objectstorage_namespace.this.namespace
  name           = local.name
  access_type    = "NoPublicAccess"
  storage_tier   = "Standard"
  versioning     = "Enabled"
  kms_key_id     = oci_kms_key.this.id
  freeform_tags  = merge(local.data, { "paybill:address" = "oci_objectstorage_bucket.this" })
}
