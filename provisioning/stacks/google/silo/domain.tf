resource "google_dns_record_set" "this" {
  managed_zone = var.account["zone"]
  name         = "${var.domain}."
  type         = "CNAME"
  ttl          = 300
  rrdatas      = ["${trimsuffix(var.account["entry"], ".")}."]
}
