"""Looks at what was built before a tenant is pointed to it.

- A database of the tenant's own is entered from the shared compute, as the tenant will
  enter it: with its own log-in, over the same way.
- A server of its own is asked for its report: signed with its own key, over a number
  that was made just now, so that an old report does not count.
- What the cloud lists under the deployment's tags is compared with the state.
A place that answers nothing is a failed check, not a breakdown.
"""

from __future__ import annotations

import psycopg

from provisioning import comparison, reports, state
from provisioning.attached import Attached
from provisioning.checks import Check
from provisioning.clouds import inventory
from provisioning.errors import NoReport
from provisioning.models import Deployment, Run
from provisioning.states import Cloud
from provisioning.walls import of_database


def of(run: Run, place: Attached) -> list[Check]:
    """Every check of a place that was just filled. Raises CloudFailed."""
    checks = _database(place) if place.dsn else _server(run, place)
    if run.deployment.cloud != Cloud.LOCAL:
        checks += _records(run.deployment)
    return checks


def _database(place: Attached) -> list[Check]:
    try:
        with psycopg.connect(place.dsn, connect_timeout=10, autocommit=True) as opened:
            return of_database(opened, place.schema_name)
    except psycopg.Error as error:
        said = type(error).__name__  # the text could name the log-in
        return [Check("database", False, f"it can not be entered: {said}")]


def _server(run: Run, place: Attached) -> list[Check]:
    try:
        report = reports.fetch(run.tenant, place.base_url, place.report_key)
    except NoReport as error:
        return [Check("report", False, error.detail)]
    return reports.judged(report, run.tenant)


def _records(deployment: Deployment) -> list[Check]:
    """The cloud's own list, or the simulator's records, beside Terraform's state."""
    asked = inventory.of(deployment)
    if asked is None:
        return [Check("cloud's own list", True, "there is none for this cloud")]
    version = state.current(deployment)
    found = comparison.compare(version, asked.listed(deployment))
    count = len(comparison.tagged(version))
    said = [f"{count} tagged resources of the state"]
    if found.missing:
        said.append(f"not listed: {', '.join(found.missing[:10])}")
    if found.strange:
        names = [one.address for one in found.strange[:10]]
        said.append(f"not in the state: {', '.join(names)}")
    if not asked.verified:
        said.append("this list was never tried against the cloud itself")
    return [Check("cloud's own list", found.none, "; ".join(said))]
