# The same variables for every cloud and every isolation model.
#
# var.account holds the facts of the IBM Cloud account that this stack needs:
#   resource_group   id of the resource group to build in
#   secrets_manager  GUID of the Secrets Manager instance that keeps log-in and handover
#   secrets_region   region of that instance
#   key_protect      GUID of the Key Protect instance in the region; the account lets Cloud
#                    Databases and Object Storage use its keys
#   dns              CRN of the Internet Services instance that serves the domain
#   dns_zone         id of the domain in it
#   entry            host name of the account's HTTPS front for silos: an application of Code
#                    Engine takes no other host name unless a private key is handed to it

variable "deployment" {
  description = "Public id of the deployment; every resource is tagged with it."
  type        = string

  validation {
    condition     = can(regex("^dep_[0-9a-z]{26}$", var.deployment))
    error_message = "A deployment's id is dep_ and 26 letters and digits."
  }
}

variable "tenant" {
  description = "Public id of the tenant. It tells nothing about the customer."
  type        = string

  validation {
    condition     = can(regex("^ten_[0-9a-z]{26}$", var.tenant))
    error_message = "A tenant's id is ten_ and 26 letters and digits."
  }
}

variable "region" {
  description = "Where to build."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}-[a-z]+$", var.region))
    error_message = "A region of IBM Cloud is named as in eu-de."
  }
}

variable "size" {
  description = "Size of database and service, as the plan names it."
  type        = string

  validation {
    condition     = contains(["small", "medium", "large"], var.size)
    error_message = "The size is small, medium or large."
  }
}

variable "asleep" {
  description = "Nobody is let in: as small as it can be, with all data kept."
  type        = bool
  default     = false
}

variable "image" {
  description = "Container image of the tenant's service; a bridge has none of its own."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9._:/@-]{0,254}$", var.image))
    error_message = "An image is named as in registry.example/paybill:1.0."
  }
}

variable "domain" {
  description = "Host name under which the tenant is served."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]{1,63}(\\.[a-z0-9-]{1,63})+$", var.domain)) && length(var.domain) <= 253
    error_message = "A domain is a host name in lower case with at least one dot."
  }
}

variable "protection" {
  description = "Whether data stores are protected against deletion."
  type        = bool
}

variable "generation" {
  description = "Last part of every name, so that a name is never used twice."
  type        = number

  validation {
    condition     = var.generation >= 1 && floor(var.generation) == var.generation
    error_message = "A generation is a whole number from 1."
  }
}

variable "network" {
  description = "CIDR of the silo's own network; empty for a bridge."
  type        = string

  # One subnet is cut from it, in the first zone of the region.
  validation {
    condition     = can(cidrhost(var.network, 0)) && can(regex("/(1[6-9]|2[0-7])$", var.network))
    error_message = "A network is an IPv4 CIDR from /16 to /27."
  }
}

variable "account" {
  description = "Facts of the cloud account; see the top of this file."
  type        = map(string)

  validation {
    condition = alltrue([
      for key in ["resource_group", "secrets_manager", "secrets_region", "key_protect", "dns", "dns_zone", "entry"] : lookup(var.account, key, "") != ""
    ])
    error_message = "An IBM account for silos names its resource_group, secrets_manager, secrets_region, key_protect, dns, dns_zone and entry."
  }
}

variable "retention_days" {
  description = "How long backups are kept by the cloud."
  type        = number

  validation {
    condition     = var.retention_days >= 0 && floor(var.retention_days) == var.retention_days
    error_message = "Days of retention are a whole number from 0."
  }
}

variable "handover" {
  description = "JSON the service needs once: licence, token, keys, database password."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "handover_version" {
  description = "Raised when the handover changes."
  type        = number
}
