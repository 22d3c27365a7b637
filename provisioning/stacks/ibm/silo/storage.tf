resource "ibm_resource_instance" "storage" {
  name              = local.name
  service           = "cloud-object-storage"
  plan              = "standard"
  location          = "global"
  resource_group_id = var.account["resource_group"]
  tags              = [local.mark, "paybill:address:ibm_resource_instance.storage"]
}

# This one instance uses the key, and no other.
resource "ibm_iam_authorization_policy" "storage" {
  source_service_name         = "cloud-object-storage"
  source_resource_instance_id = ibm_resource_instance.storage.guid
  target_service_name         = "kms"
  target_resource_instance_id = var.account["key_protect"]
  roles                       = ["Reader"]
  description                 = "Storage of ${var.deployment} reads its key"
}

# Nobody reads it without an identity: access for everybody is a policy that nobody makes.
resource "ibm_cos_bucket" "this" {
  bucket_name          = local.name
  resource_instance_id = ibm_resource_instance.storage.id
  region_location      = var.region
  storage_class        = "smart"
  kms_key_crn          = ibm_kms_key.this.crn
  force_delete         = !var.protection

  object_versioning {
    enable = true
  }

  # What is overwritten or deleted is kept as long as backups are.
  noncurrent_version_expiration {
    rule_id         = "old-versions"
    enable          = true
    noncurrent_days = max(1, var.retention_days)
  }

  depends_on = [ibm_iam_authorization_policy.storage]
}
