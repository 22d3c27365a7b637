locals {
  port = 8000

  # Master log-in and handover are JSON documents; the image's entry point reads them.
  # RDS changes the master's password each week: it serves to make the service's own
  # log-in at the start, whose password is in the handover.
  environment = {
    PAYBILL_MODE          = "tenant"
    PAYBILL_TENANT_ID     = var.tenant
    PAYBILL_SCHEMA        = "t_${substr(var.tenant, 4, 26)}_g${var.generation}"
    PAYBILL_DATABASE_HOST = aws_db_instance.this.address
    PAYBILL_DATABASE_PORT = tostring(aws_db_instance.this.port)
    PAYBILL_DATABASE_NAME = aws_db_instance.this.db_name
    PAYBILL_STORAGE       = "s3://${aws_s3_bucket.this.bucket}"

    # A service reads its secrets when it starts: a new version starts it anew.
    PAYBILL_HANDOVER_VERSION = tostring(var.handover_version)
  }
  secrets = {
    PAYBILL_HANDOVER        = aws_secretsmanager_secret.handover.arn
    PAYBILL_DATABASE_MASTER = aws_db_instance.this.master_user_secret[0].secret_arn
  }

  log = {
    logDriver = "awslogs"
    options = {
      awslogs-group         = aws_cloudwatch_log_group.service.name
      awslogs-region        = var.region
      awslogs-stream-prefix = "tenant"
    }
  }
}

resource "aws_cloudwatch_log_group" "service" {
  name              = "/paybill/${local.name}"
  retention_in_days = 30
  tags              = merge(local.tags, { "paybill:address" = "aws_cloudwatch_log_group.service" })
}

resource "aws_ecs_cluster" "this" {
  name = local.name
  tags = merge(local.tags, { "paybill:address" = "aws_ecs_cluster.this" })
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = local.size.cpu
  memory                   = local.size.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.service.arn
  tags                     = merge(local.tags, { "paybill:address" = "aws_ecs_task_definition.this" })

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  container_definitions = jsonencode([
    {
      name             = "service"
      image            = var.image
      essential        = true
      portMappings     = [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }]
      environment      = [for name, value in local.environment : { name = name, value = value }]
      secrets          = [for name, arn in local.secrets : { name = name, valueFrom = arn }]
      logConfiguration = local.log
      mountPoints      = []
      systemControls   = []
      volumesFrom      = []
    },
  ])
}

resource "aws_lb" "this" {
  name                       = local.name
  load_balancer_type         = "application"
  internal                   = false
  security_groups            = [aws_security_group.balancer.id]
  subnets                    = [for subnet in aws_subnet.public : subnet.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.protection
  tags                       = merge(local.tags, { "paybill:address" = "aws_lb.this" })

  depends_on = [aws_internet_gateway.this]
}

resource "aws_lb_target_group" "this" {
  name                 = local.name
  vpc_id               = aws_vpc.this.id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = local.port
  deregistration_delay = 30
  tags                 = merge(local.tags, { "paybill:address" = "aws_lb_target_group.this" })

  health_check {
    path    = "/health/live"
    matcher = "200"
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = local.certificate
  tags              = merge(local.tags, { "paybill:address" = "aws_lb_listener.https" })

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

# It is not waited for: whether the service is well is verified by its own health report.
resource "aws_ecs_service" "this" {
  name                              = local.name
  cluster                           = aws_ecs_cluster.this.id
  task_definition                   = aws_ecs_task_definition.this.arn
  launch_type                       = "FARGATE"
  platform_version                  = "LATEST"
  desired_count                     = 1
  health_check_grace_period_seconds = 180
  availability_zone_rebalancing     = "DISABLED" # there is one task
  tags                              = merge(local.tags, { "paybill:address" = "aws_ecs_service.this" })

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.service.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = "service"
    container_port   = local.port
  }

  depends_on = [
    aws_lb_listener.https,
    aws_iam_role_policy.execution,
    aws_route.nat,
    aws_secretsmanager_secret_version.handover,
  ]
}
