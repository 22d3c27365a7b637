terraform {
  required_version = ">= 1.11.0"

  required_providers {
    ibm = {
      source  = "IBM-Cloud/ibm"
      version = ">= 2.5.0, < 3.0.0"
    }
  }

  # Address and credentials come by TF_HTTP_* in the environment, new for each phase.
  backend "http" {}
}

# Credentials come by the environment too: a token for each phase, never a key in here. The
# database has to be in the region of the provider.
provider "ibm" {
  region = var.region
}
