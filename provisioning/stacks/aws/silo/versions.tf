terraform {
  required_version = ">= 1.11.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }

  # Address and credentials come by TF_HTTP_* in the environment, new for each phase.
  backend "http" {}
}

# Credentials come by the environment too: a role for each phase, never a key in here.
provider "aws" {
  region = var.region
}
