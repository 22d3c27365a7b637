output "database_host" {
  description = "There is none."
  value       = ""
}

output "secret_reference" {
  description = "Where the log-in is kept. Never the log-in itself."
  value       = aws_secretsmanager_secret.login.arn
}
