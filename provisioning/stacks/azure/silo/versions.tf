terraform {
  required_version = ">= 1.11.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.80.0, < 5.0.0"
    }
  }

  # Address and credentials come by TF_HTTP_* in the environment, new for each phase.
  backend "http" {}
}

# Credentials come by the environment too: an identity for each phase, never a key in here.
provider "azurerm" {
  subscription_id                 = var.account["subscription"]
  resource_provider_registrations = "none" # a matter of whoever set the subscription up
  storage_use_azuread             = true   # the account takes no keys

  features {
    key_vault {
      purge_soft_delete_on_destroy          = true
      purge_soft_deleted_secrets_on_destroy = true
      recover_soft_deleted_key_vaults       = false
      recover_soft_deleted_secrets          = false
    }

    # What is not ours and stands in the group is seen, and not deleted with it.
    resource_group {
      prevent_deletion_if_contains_resources = true
    }

    log_analytics_workspace {
      permanently_delete_on_destroy = true
    }

    # Blobs are reached from the silo's network only, not from where Terraform runs.
    storage {
      data_plane_available = false
    }
  }
}
