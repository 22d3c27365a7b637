# The same variables for every cloud and every isolation model.
#
# var.account holds the facts of the Google Cloud project that this stack needs:
#   project  id of the project
#   zone     name of the Cloud DNS managed zone that the domain is in
#   entry    host name of the project's HTTPS load balancer in front of silos: Cloud Run itself
#            takes no host name but its own
#   key      optional: Cloud KMS key in the region that database, bucket and secrets are
#            encrypted with; without it Google's own keys do

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
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region of Google Cloud is named as in europe-west3."
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
    condition     = var.generation >= 1 && floor(var.generation) == var.generation && var.generation <= 9999
    error_message = "A generation is a whole number from 1 to 9999: a connector's name has 25 characters."
  }
}

variable "network" {
  description = "CIDR of the silo's own network; empty for a bridge."
  type        = string

  # Half of it is given to Cloud SQL, which takes no range below /24.
  validation {
    condition     = can(cidrhost(var.network, 0)) && can(regex("/(1[6-9]|2[0-3])$", var.network))
    error_message = "A network is an IPv4 CIDR from /16 to /23."
  }
}

variable "account" {
  description = "Facts of the cloud account; see the top of this file."
  type        = map(string)

  validation {
    condition = alltrue([
      for key in ["project", "zone", "entry"] : lookup(var.account, key, "") != ""
    ])
    error_message = "A Google account for silos names its project, zone and entry."
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
