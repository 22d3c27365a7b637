data "aws_availability_zones" "available" {
  state = "available"
}

locals {
  given = compact(split(",", lookup(var.account, "zones", "")))
  found = data.aws_availability_zones.available.names
  zones = length(local.given) >= 2 ? local.given : local.found

  public  = { a = 0, b = 1 }
  private = { a = 2, b = 3 }
}

resource "aws_vpc" "this" {
  cidr_block           = var.network
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags = merge(local.tags, {
    Name              = local.name
    "paybill:address" = "aws_vpc.this"
  })
}

# Every VPC is born with a group that lets its members talk: taken over and emptied.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { "paybill:address" = "aws_default_security_group.this" })
}

resource "aws_subnet" "public" {
  for_each = local.public

  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(var.network, 2, each.value)
  availability_zone = local.zones[each.value]
  tags = merge(local.tags, {
    Name              = "${local.name}-public-${each.key}"
    "paybill:address" = "aws_subnet.public/${each.key}"
  })

  lifecycle {
    ignore_changes = [availability_zone] # a new zone of the region moves nobody
  }
}

resource "aws_subnet" "private" {
  for_each = local.private

  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(var.network, 2, each.value)
  availability_zone = local.zones[each.value - 2]
  tags = merge(local.tags, {
    Name              = "${local.name}-private-${each.key}"
    "paybill:address" = "aws_subnet.private/${each.key}"
  })

  lifecycle {
    ignore_changes = [availability_zone]
  }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { "paybill:address" = "aws_internet_gateway.this" })
}

resource "aws_eip" "nat" {
  domain = "vpc"
  tags   = merge(local.tags, { "paybill:address" = "aws_eip.nat" })

  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public["a"].id
  tags          = merge(local.tags, { "paybill:address" = "aws_nat_gateway.this" })
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { "paybill:address" = "aws_route_table.public" })
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { "paybill:address" = "aws_route_table.private" })
}

resource "aws_route" "nat" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this.id
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private.id
}
