"""What Paybill asks a cloud itself, beside Terraform: addresses, log-ins, inventory."""
