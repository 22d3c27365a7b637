terraform {
  required_version = ">= 1.11.0"

  required_providers {
    oci = {
      source  = "oracle/oci"
      version = ">= 8.29.0, < 9.0.0"
    }
  }

  # Address and credentials come by TF_HTTP_* in the environment, new for each phase.
  backend "http" {}
}

# Credentials come by the environment too: a session token for each phase, never a key.
provider "oci" {
  region = var.region
}

# Policies are written in the tenancy's home region and hold in all of them.
provider "oci" {
  alias  = "home"
  region = var.account["home_region"]
}
