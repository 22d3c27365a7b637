"""What gateways tell us: verified, stored once, answered at once, followed later."""
