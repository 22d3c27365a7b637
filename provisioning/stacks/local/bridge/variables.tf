# The same variables for every cloud and every isolation model.
#
# var.account: this machine needs no facts of an account.

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
    condition     = var.region == "local"
    error_message = "This stack builds on this machine: the region is local."
  }
}

variable "size" {
  description = "Size of database and service, as the plan names it."
  type        = string
}

variable "asleep" {
  description = "Nobody is let in: as small as it can be, with all data kept."
  type        = bool
  default     = false
}

variable "image" {
  description = "Container image of the tenant's service; a bridge has none of its own."
  type        = string
}

variable "domain" {
  description = "Host name under which the tenant is served."
  type        = string
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

  validation {
    condition     = var.network == ""
    error_message = "This machine gives out no networks."
  }
}

variable "account" {
  description = "Facts of the cloud account; see the top of this file."
  type        = map(string)
}

variable "retention_days" {
  description = "How long backups are kept by the cloud."
  type        = number
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
