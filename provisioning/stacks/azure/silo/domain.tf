locals {
  service = azurerm_container_app.this.ingress[0].fqdn
  host    = trimsuffix(var.domain, ".${var.account["zone"]}")
}

resource "azurerm_dns_cname_record" "this" {
  name                = local.host
  zone_name           = var.account["zone"]
  resource_group_name = var.account["zone_resource_group"]
  ttl                 = 300
  record              = lookup(var.account, "entry", local.service)
  tags                = merge(local.dns, { "paybill-address" = "azurerm_dns_cname_record.this" })
}

# By it Container Apps believe that the domain is ours, when it is bound to the service.
resource "azurerm_dns_txt_record" "this" {
  name                = "asuid.${local.host}"
  zone_name           = var.account["zone"]
  resource_group_name = var.account["zone_resource_group"]
  ttl                 = 300
  tags                = merge(local.dns, { "paybill-address" = "azurerm_dns_txt_record.this" })

  record {
    value = azurerm_container_app.this.custom_domain_verification_id
  }
}
