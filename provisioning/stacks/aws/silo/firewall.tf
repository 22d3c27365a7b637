# Who may talk to whom: the world to the balancer, the balancer to the service, the
# service to the database and, by TLS and mail submission, outwards.

resource "aws_security_group" "balancer" {
  name        = "${local.name}-balancer"
  description = "Load balancer: HTTPS from everywhere"
  vpc_id      = aws_vpc.this.id
  tags        = merge(local.tags, { "paybill:address" = "aws_security_group.balancer" })
}

resource "aws_security_group" "service" {
  name        = "${local.name}-service"
  description = "Service: reached by the load balancer alone"
  vpc_id      = aws_vpc.this.id
  tags        = merge(local.tags, { "paybill:address" = "aws_security_group.service" })
}

resource "aws_security_group" "database" {
  name        = "${local.name}-database"
  description = "Database: reached by the service alone"
  vpc_id      = aws_vpc.this.id
  tags        = merge(local.tags, { "paybill:address" = "aws_security_group.database" })
}

resource "aws_vpc_security_group_ingress_rule" "world_to_balancer" {
  security_group_id = aws_security_group.balancer.id
  description       = "HTTPS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags = merge(local.tags, {
    "paybill:address" = "aws_vpc_security_group_ingress_rule.world_to_balancer"
  })
}

resource "aws_vpc_security_group_egress_rule" "balancer_to_service" {
  security_group_id            = aws_security_group.balancer.id
  description                  = "HTTP to the service"
  referenced_security_group_id = aws_security_group.service.id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  tags = merge(local.tags, {
    "paybill:address" = "aws_vpc_security_group_egress_rule.balancer_to_service"
  })
}

resource "aws_vpc_security_group_ingress_rule" "balancer_to_service" {
  security_group_id            = aws_security_group.service.id
  description                  = "HTTP from the load balancer"
  referenced_security_group_id = aws_security_group.balancer.id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  tags = merge(local.tags, {
    "paybill:address" = "aws_vpc_security_group_ingress_rule.balancer_to_service"
  })
}

resource "aws_vpc_security_group_egress_rule" "service_to_world" {
  for_each = { https = 443, mail = 587, mails = 465 }

  security_group_id = aws_security_group.service.id
  description       = "Control plane, cloud, mail"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
  tags = merge(local.tags, {
    "paybill:address" = "aws_vpc_security_group_egress_rule.service_to_world/${each.key}"
  })
}

resource "aws_vpc_security_group_egress_rule" "service_to_database" {
  security_group_id            = aws_security_group.service.id
  description                  = "PostgreSQL"
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  tags = merge(local.tags, {
    "paybill:address" = "aws_vpc_security_group_egress_rule.service_to_database"
  })
}

resource "aws_vpc_security_group_ingress_rule" "service_to_database" {
  security_group_id            = aws_security_group.database.id
  description                  = "PostgreSQL from the service"
  referenced_security_group_id = aws_security_group.service.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  tags = merge(local.tags, {
    "paybill:address" = "aws_vpc_security_group_ingress_rule.service_to_database"
  })
}
