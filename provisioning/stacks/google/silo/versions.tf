terraform {
  required_version = ">= 1.11.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50.0, < 8.0.0"
    }
  }

  # Address and credentials come by TF_HTTP_* in the environment, new for each phase.
  backend "http" {}
}

# Credentials come by the environment too: an identity for each phase, never a key in here.
provider "google" {
  project = var.account["project"]
  region  = var.region
}
