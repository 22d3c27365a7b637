# The same variables for every cloud and every isolation model.
#
# var.account holds the facts of the AWS account that this stack needs:
#   zone_id         id of the Route 53 zone that the domain is in; without it the stack
#                   makes a zone for the domain, to be delegated to
#   certificate     ARN of an ACM certificate for the domain (a wildcard will do);
#                   without it one is asked for and proved by DNS, which takes zone_id
#   zones           two availability zones, as in "eu-central-1a,eu-central-1b"; without
#                   them the first two of the region
#   final_snapshot  "true" keeps a last snapshot and the automated backups when the
#                   database is deleted. Paybill, which can not reach it, says "true"
#                   when it takes a silo away; "false" among the account's details, or an
#                   operator who skips the backup, has nothing kept

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

  # Four subnets are cut from it, and AWS takes no subnet below /28; a load balancer
  # wants 8 free addresses in each of its own.
  validation {
    condition     = can(cidrhost(var.network, 0)) && can(regex("/(1[6-9]|2[0-5])$", var.network))
    error_message = "A network is an IPv4 CIDR from /16 to /25."
  }
}

variable "account" {
  description = "Facts of the cloud account; see the top of this file."
  type        = map(string)

  validation {
    condition     = can(var.account["certificate"]) || can(var.account["zone_id"])
    error_message = "An AWS account for silos names its zone_id, a certificate, or both."
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
