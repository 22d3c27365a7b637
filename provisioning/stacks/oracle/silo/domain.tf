resource "oci_dns_rrset" "this" {
  zone_name_or_id = var.account["zone"]
  domain          = var.domain
  rtype           = "A"

  items {
    domain = var.domain
    rtype  = "A"
    rdata  = oci_load_balancer_load_balancer.this.ip_address_details[0].ip_address
    ttl    = 300
  }
}
