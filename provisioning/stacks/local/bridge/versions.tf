terraform {
  required_version = ">= 1.11.0"

  # Address and credentials come by TF_HTTP_* in the environment, new for each phase.
  backend "http" {}
}
