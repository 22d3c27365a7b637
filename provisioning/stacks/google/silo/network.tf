resource "google_compute_network" "this" {
  name                    = local.name
  auto_create_subnetworks = false
}

# The upper half is Cloud SQL's, whose servers stand in a network of Google's that is
# joined to this one; the first 16 addresses are the connector's.
locals {
  prefix    = tonumber(split("/", var.network)[1])
  databases = cidrsubnet(var.network, 1, 1)
  connector = cidrsubnet(var.network, 28 - local.prefix, 0)
}

resource "google_compute_global_address" "databases" {
  name          = local.name
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  address       = cidrhost(local.databases, 0)
  prefix_length = local.prefix + 1
  network       = google_compute_network.this.id
  labels = merge(local.labels, {
    "paybill-address" = "google_compute_global_address-databases"
  })
}

# Google refuses to end the connection for days after the last database is gone. It is
# left to itself and ends with the network.
resource "google_service_networking_connection" "databases" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.databases.name]
  deletion_policy         = "ABANDON"
}

# Cloud Run could enter the network without a connector, but would then keep addresses in
# it for up to two hours after it is gone, and no destroy could end before.
resource "google_vpc_access_connector" "this" {
  name          = local.name
  network       = google_compute_network.this.name
  ip_cidr_range = local.connector
  machine_type  = "e2-micro"
  min_instances = 2
  max_instances = 3
}

# From the connector, PostgreSQL only. The rules that Google makes for connectors come
# first and concern what is behind them, never what they reach.
resource "google_compute_firewall" "out" {
  name               = "${local.name}-out"
  network            = google_compute_network.this.name
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "databases" {
  name               = "${local.name}-databases"
  network            = google_compute_network.this.name
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = [local.databases]

  allow {
    protocol = "tcp"
    ports    = ["5432"]
  }

  log_config {
    metadata = "EXCLUDE_ALL_METADATA"
  }
}
