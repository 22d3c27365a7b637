# One of each kind that the stacks tag and that does not wait, and the children without tags.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "deployment" {
  type = string
}

locals {
  name = "pb-importing-g1"
  tags = { "paybill:deployment" = var.deployment }
}

resource "aws_vpc" "this" {
  cidr_block = "10.90.0.0/22"
  tags       = merge(local.tags, { "paybill:address" = "aws_vpc.this" })
}

resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { "paybill:address" = "aws_default_security_group.this" })
}

resource "aws_subnet" "private" {
  for_each = { a = 0, b = 1 }

  vpc_id            = aws_vpc.this.id
  availability_zone = "eu-central-1${each.key}"
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 2, each.value)
  tags              = merge(local.tags, { "paybill:address" = "aws_subnet.private/${each.key}" })
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { "paybill:address" = "aws_internet_gateway.this" })
}

resource "aws_eip" "nat" {
  count = 1

  domain = "vpc"
  tags   = merge(local.tags, { "paybill:address" = "aws_eip.nat:0" })
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { "paybill:address" = "aws_route_table.this" })
}

resource "aws_route" "out" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  route_table_id = aws_route_table.this.id
  subnet_id      = each.value.id
}

resource "aws_security_group" "this" {
  name   = local.name
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { "paybill:address" = "aws_security_group.this" })
}

resource "aws_vpc_security_group_egress_rule" "out" {
  security_group_id = aws_security_group.this.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "10.90.0.0/22"
  tags              = merge(local.tags, { "paybill:address" = "aws_vpc_security_group_egress_rule.out" })
}

resource "aws_db_subnet_group" "this" {
  name       = local.name
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
  tags       = merge(local.tags, { "paybill:address" = "aws_db_subnet_group.this" })
}

resource "aws_kms_key" "this" {
  tags = merge(local.tags, { "paybill:address" = "aws_kms_key.this" })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${local.name}"
  target_key_id = aws_kms_key.this.id
}

resource "aws_secretsmanager_secret" "this" {
  name = local.name
  tags = merge(local.tags, { "paybill:address" = "aws_secretsmanager_secret.this" })
}

resource "aws_s3_bucket" "this" {
  bucket = local.name
  tags   = merge(local.tags, { "paybill:address" = "aws_s3_bucket.this" })
}

resource "aws_cloudwatch_log_group" "this" {
  name = "/paybill/${local.name}"
  tags = merge(local.tags, { "paybill:address" = "aws_cloudwatch_log_group.this" })
}

resource "aws_iam_role" "this" {
  name = "${local.name}-service"
  tags = merge(local.tags, { "paybill:address" = "aws_iam_role.this" })

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_ecs_cluster" "this" {
  name = local.name
  tags = merge(local.tags, { "paybill:address" = "aws_ecs_cluster.this" })
}

resource "aws_ecs_task_definition" "this" {
  family                = local.name
  container_definitions = jsonencode([{ name = "app", image = "app:1", memory = 128 }])
  tags                  = merge(local.tags, { "paybill:address" = "aws_ecs_task_definition.this" })
}

resource "aws_acm_certificate" "this" {
  domain_name       = "importing.example"
  validation_method = "DNS"
  tags              = merge(local.tags, { "paybill:address" = "aws_acm_certificate.this" })
}

resource "aws_lb_target_group" "this" {
  name     = local.name
  port     = 80
  protocol = "HTTP"
  vpc_id   = aws_vpc.this.id
  tags     = merge(local.tags, { "paybill:address" = "aws_lb_target_group.this" })
}

resource "aws_route53_zone" "this" {
  name    = "importing.example"
  comment = local.name
  tags    = merge(local.tags, { "paybill:address" = "aws_route53_zone.this" })
}

resource "aws_route53_record" "this" {
  zone_id = aws_route53_zone.this.zone_id
  name    = "importing.example"
  type    = "A"
  ttl     = 60
  records = ["192.0.2.1"]
}
