# The same variables for every cloud and every isolation model.
#
# var.account holds the facts of the AWS account that this stack needs:
#   subnet_group    name of the DB subnet group that bridge tenants share
#   security_group  id of the security group through which the shared service reaches
#                   databases
#   final_snapshot  "true" keeps a last snapshot and the automated backups when the
#                   database is deleted. Paybill makes a final backup of its own before

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
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region of AWS is named as in eu-central-1."
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
    error_message = "A bridge is in the shared network: it gets none of its own."
  }
}

variable "account" {
  description = "Facts of the cloud account; see the top of this file."
  type        = map(string)

  validation {
    condition     = can(var.account["subnet_group"]) && can(regex("^sg-", var.account["security_group"]))
    error_message = "An AWS account for bridges names its subnet_group and security_group."
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
