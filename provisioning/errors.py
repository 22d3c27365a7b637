"""What provisioning refuses, and why."""

from __future__ import annotations

from paybill_site.kernel.errors import Conflict, PaybillError


class NotEntitled(PaybillError):
    """The tenant's entitlement does not permit this run."""

    status = 403


class NeedsMove(PaybillError):
    """The tenant's data is in a place of another kind and has to be moved first."""

    status = 409


class NoImage(PaybillError):
    """Nobody said which image a silo runs: set PAYBILL_IMAGE or the product's own."""

    status = 409


class AccountRefuses(PaybillError):
    """The cloud account does not let this be built."""

    status = 409


class RunActive(PaybillError):
    """Another run of this deployment is not finished yet."""

    status = 409
    permanent = False


class Frozen(PaybillError):
    """A state that Terraform could not save waits to be adopted; runs are held back."""

    status = 409


class Unsettled(PaybillError):
    """What exists was not compared with the state yet, since an apply ended badly."""

    status = 409
    permanent = False


class TooEarly(PaybillError):
    """The run was asked to stop and is given time for it."""

    status = 409
    permanent = False


class TerraformDied(PaybillError):
    """Terraform or one of its plugins was killed before it could end."""

    status = 500
    permanent = False


class OutOfTime(PaybillError):
    """A phase took longer than it may."""

    status = 504
    permanent = False


class Canceled(PaybillError):
    """Somebody asked the run to stop, and it has stopped."""

    status = 409


class TerraformMissing(PaybillError):
    """There is no Terraform on this machine: set TERRAFORM_BIN or install it."""

    status = 503
    permanent = False


class UnknownStack(PaybillError):
    """There is no stack for this cloud and isolation model."""

    status = 422


class PluginMissing(PaybillError):
    """A provider plugin that the stack needs is in no mirror on this machine."""

    status = 503
    permanent = False


class ToolsChanged(PaybillError):
    """Terraform or its plugins are not those of the plan; queue a new run."""

    status = 409


class Protected(PaybillError):
    """The cloud protects its data stores against deletion; unprotect them first."""

    status = 409


class StackChanged(PaybillError):
    """The stack is not the one this run was planned with; queue a new run."""

    status = 409


class PlanChanged(PaybillError):
    """The plan file is not the one that was confirmed; nothing was applied."""

    status = 409


class PlanStale(PaybillError):
    """The plan was made on something that is no longer so; queue a new run."""

    status = 409


class NotApproved(PaybillError):
    """Nobody who may has approved this very plan."""

    status = 403


class PolicyRefused(PaybillError):
    """The policy is not right, or does not find what its own cases say."""

    status = 422


class LeaseLost(Conflict):
    """Another runner has this run; this one may write nothing more."""

    permanent = True


class StateLocked(PaybillError):
    """The state is locked by somebody else."""

    status = 423


class StateRefused(PaybillError):
    """The state that was sent does not follow the one that is stored."""

    status = 409


class TerraformFailed(PaybillError):
    """Terraform said no."""


class CloudFailed(PaybillError):
    """The cloud did not answer as agreed."""

    status = 502
    permanent = False


class NotThere(CloudFailed):
    """The cloud knows no such thing, or does not show it to us."""


class LeftOver(PaybillError):
    """Something of the deployment still exists after it was destroyed."""

    permanent = False


class NotAsBuilt(PaybillError):
    """What was built is not as it has to be; the tenant was not pointed to it."""


class NoReport(PaybillError):
    """The server's own report of its health did not come, or can not be believed."""

    status = 502
    permanent = False


class IllegalLock(PaybillError):
    """This lock can not be released now."""

    status = 409
