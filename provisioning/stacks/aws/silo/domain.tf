locals {
  own_zone        = lookup(var.account, "zone_id", "") == ""
  own_certificate = lookup(var.account, "certificate", "") == ""

  zone        = local.own_zone ? aws_route53_zone.this[0].zone_id : var.account["zone_id"]
  certificate = local.own_certificate ? aws_acm_certificate_validation.this[0].certificate_arn : var.account["certificate"]

  # Of a list of one: the stack asks for one name.
  proof = local.own_certificate ? tolist(aws_acm_certificate.this[0].domain_validation_options)[0] : null
}

resource "aws_route53_zone" "this" {
  count = local.own_zone ? 1 : 0

  name          = var.domain
  comment       = local.name
  force_destroy = !var.protection
  tags          = merge(local.tags, { "paybill:address" = "aws_route53_zone.this:0" })
}

resource "aws_route53_record" "service" {
  zone_id = local.zone
  name    = var.domain
  type    = "A"

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = false # one balancer: there is nothing to fail over to
  }
}

resource "aws_acm_certificate" "this" {
  count = local.own_certificate ? 1 : 0

  domain_name       = var.domain
  validation_method = "DNS"
  tags              = merge(local.tags, { "paybill:address" = "aws_acm_certificate.this:0" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "proof" {
  count = local.own_certificate ? 1 : 0

  zone_id         = local.zone
  name            = local.proof.resource_record_name
  type            = local.proof.resource_record_type
  records         = [local.proof.resource_record_value]
  ttl             = 300
  allow_overwrite = true # a certificate asked for again is proved by the same record
}

# Waits: a listener takes no certificate that is not issued.
resource "aws_acm_certificate_validation" "this" {
  count = local.own_certificate ? 1 : 0

  certificate_arn         = aws_acm_certificate.this[0].arn
  validation_record_fqdns = [aws_route53_record.proof[0].fqdn]
}
