# The same variables for every cloud and every isolation model.
#
# var.account holds the facts of the Azure subscription that this stack needs:
#   subscription         id of the subscription
#   directory            id of the directory (tenant)
#   applier              object id of the identity that applies: it writes secrets
#   planner              object id of the identity that plans: it reads them to compare
#   runners              public addresses from which those two reach the vault, as in
#                        203.0.113.7,203.0.113.8
#   zone                 name of the DNS zone that the domain is in
#   zone_resource_group  name of the resource group of that zone
#   entry                optional: host name of the account's own HTTPS front for silos; without
#                        it the domain points to the service, where it has to be bound to a
#                        certificate
#   registry             optional: id of the container registry that the image is pulled from
#   registry_server      its host name, as in acme.azurecr.io
#   zones                optional: "false" where the region has no availability zones

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
    condition     = can(regex("^[a-z]+[0-9]?$", var.region))
    error_message = "A region of Azure is named as in germanywestcentral."
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
    condition     = var.generation >= 1 && floor(var.generation) == var.generation && var.generation <= 999
    error_message = "A generation is a whole number from 1 to 999: a vault's name has 24 characters."
  }
}

variable "network" {
  description = "CIDR of the silo's own network; empty for a bridge."
  type        = string

  # Half of it is the container environment's, which takes no subnet below /27.
  validation {
    condition     = can(cidrhost(var.network, 0)) && can(regex("/(1[6-9]|2[0-5])$", var.network))
    error_message = "A network is an IPv4 CIDR from /16 to /25."
  }
}

variable "account" {
  description = "Facts of the cloud account; see the top of this file."
  type        = map(string)

  validation {
    condition = alltrue([
      for key in ["subscription", "directory", "applier", "planner", "runners", "zone", "zone_resource_group"] : lookup(var.account, key, "") != ""
    ])
    error_message = "An Azure account for silos names its subscription, directory, applier, planner, runners, zone and zone_resource_group."
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
