# Databases on AWS do without gp2: gp3 is faster at the same price.
package paybill

import rego.v1

findings contains {"address": row.address, "level": "refuse", "says": "gp2 is slow"} if {
    some row in input.plan.resource_changes
    row.type == "aws_db_instance"
    row.change.after.storage_type == "gp2"
}
