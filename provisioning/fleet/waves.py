"""In which order a fleet is upgraded: a few first, then a part, then the rest."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from provisioning.models import Deployment, StackVersion
from provisioning.states import DeploymentState


def sizes(count: int, canary: int, percent: int) -> list[int]:
    """How many deployments each wave has; together ``count``, none of them empty.

    ``percent`` is of what the canaries leave, rounded up.
    """
    first = min(canary, count)
    second = -(-(count - first) * percent // 100)
    return [size for size in (first, second, count - first - second) if size]


def candidates(target: StackVersion) -> QuerySet[Deployment]:
    """Deployments of the stack that stand on another version and can be moved now.

    Simulated ones first: they are the cheapest canaries.
    """
    same = Deployment.objects.filter(stack_version__name=target.name)
    ready = same.filter(state=DeploymentState.READY, frozen="")
    return (
        ready.exclude(stack_version=target)
        .exclude(removal__isnull=False)
        .order_by("-account__simulation", "id")
    )


def left_out(target: StackVersion) -> QuerySet[Deployment]:
    """Deployments on another version that can not be moved: broken, frozen, at work."""
    same = Deployment.objects.filter(stack_version__name=target.name)
    standing = same.exclude(stack_version=target).exclude(state=DeploymentState.GONE)
    return standing.filter(~Q(state=DeploymentState.READY) | ~Q(frozen=""))


def cut[T](things: list[T], sizes: list[int]) -> list[list[T]]:
    """The things in groups of these sizes, in their order."""
    groups, start = [], 0
    for size in sizes:
        groups.append(things[start : start + size])
        start += size
    return groups
