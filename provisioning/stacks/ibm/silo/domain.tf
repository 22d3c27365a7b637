resource "ibm_cis_dns_record" "this" {
  cis_id    = var.account["dns"]
  domain_id = var.account["dns_zone"]
  name      = var.domain
  type      = "CNAME"
  content   = var.account["entry"]
  ttl       = 300
}
