"""Terraform's state over HTTP, as its ``http`` backend speaks it.

Only a run's own Terraform gets in: Basic auth with the run's id and a token that is
new for each phase and dies with it, with the fence, and with the run. A plan reads
and locks; only an apply writes, and what takes up what exists before a destroy.
Nothing is deleted, and no lock is taken by force.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from paybill_site.kernel.actions import perform
from paybill_site.kernel.crypto import token_digest
from paybill_site.kernel.errors import (
    Forbidden,
    Invalid,
    PaybillError,
    Unauthenticated,
    problem_response,
)
from paybill_site.kernel.logs import said
from provisioning import state
from provisioning.actions import LockState, SaveState, UnlockState
from provisioning.actions.statefile import SaveInput
from provisioning.errors import LeaseLost, StateLocked
from provisioning.models import Run
from provisioning.states import TERRAFORM
from provisioning.system import TERRAFORM as ACTOR

LOCK_LIMIT = 16 * 1024
LOCK_FIELDS = ("ID", "Operation", "Info", "Who", "Version", "Created", "Path")

type Answer = Callable[[Run, HttpRequest], HttpResponse]


def _open(answers: dict[str, Answer]) -> Callable[..., HttpResponse]:
    """A view that lets a run's Terraform in and answers its methods."""

    @csrf_exempt
    @never_cache
    def view(request: HttpRequest, deployment: str) -> HttpResponse:
        try:
            run = authenticate(request, deployment)
            answer = answers.get(request.method or "")
            if answer is None:
                return HttpResponse(status=405, headers={"Allow": ", ".join(answers)})
            with said(run=run.public_id):
                return answer(run, request)
        except StateLocked as held:
            return JsonResponse(held.members.get("info") or {}, status=423)
        except Unauthenticated as stranger:
            response = problem_response(stranger)
            response["WWW-Authenticate"] = 'Basic realm="terraform state"'
            return response
        except LeaseLost as late:
            # 409 would tell Terraform that somebody holds the lock.
            return problem_response(Forbidden(late.detail, rule="fence"))
        except PaybillError as refusal:
            return problem_response(refusal)

    return view


def authenticate(request: HttpRequest, deployment: str) -> Run:
    """The run whose token was sent. Raises Unauthenticated, without saying why."""
    name, token = _basic(request.headers.get("Authorization", ""))
    run = (
        Run.objects.select_related("deployment")
        .filter(public_id=name, deployment__public_id=deployment, state__in=TERRAFORM)
        .first()
    )
    known = run.token_digest if run else ""
    same = hmac.compare_digest(known or "-", token_digest(token))
    if run is None or not same or run.fence != run.deployment.fence:
        raise Unauthenticated
    return run


def _basic(header: str) -> tuple[str, str]:
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        raise Unauthenticated
    try:
        plain = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated from error
    name, _, token = plain.partition(":")
    return name, token


def _get(run: Run, request: HttpRequest) -> HttpResponse:
    version = state.current(run.deployment)
    if version is None:
        return HttpResponse(status=204)
    digest = base64.b64encode(bytes.fromhex(version.md5)).decode()
    return HttpResponse(
        version.content,
        content_type="application/json",
        headers={"Content-MD5": digest},
    )


def _save(run: Run, request: HttpRequest) -> HttpResponse:
    if not run.token_writes:
        raise Forbidden("a plan does not write the state", rule="phase")
    sent = SaveInput(
        fence=run.fence,
        lock_id=request.GET.get("ID", "")[:64],
        md5=request.headers.get("Content-MD5", "")[:40],
        body=_body(request, state.LIMIT),
    )
    perform(SaveState, run, sent, actor=ACTOR)
    return HttpResponse(status=200)


def _lock(run: Run, request: HttpRequest) -> HttpResponse:
    info = _info(request)
    asked = {"fence": run.fence, "lock_id": str(info["ID"]), "info": info}
    perform(LockState, run, asked, actor=ACTOR)
    return HttpResponse(status=200)


def _unlock(run: Run, request: HttpRequest) -> HttpResponse:
    # Terraform's force-unlock sends no body: that is an operator's action here.
    asked = {"fence": run.fence, "lock_id": str(_info(request)["ID"])}
    perform(UnlockState, run, asked, actor=ACTOR)
    return HttpResponse(status=200)


def _info(request: HttpRequest) -> dict[str, Any]:
    try:
        info = json.loads(_body(request, LOCK_LIMIT))
    except ValueError as error:
        raise Invalid("the body is a LockInfo") from error
    if not isinstance(info, dict) or not str(info.get("ID") or ""):
        raise Invalid("the body is a LockInfo with an ID")
    return {name: str(info.get(name) or "")[:500] for name in LOCK_FIELDS}


def _body(request: HttpRequest, most: int) -> bytes:
    # Django's own limit is for forms, and much lower. What is announced as too long
    # is not read at all.
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > most:
        raise TooLarge
    body = request.read(most + 1)
    if len(body) > most:
        raise TooLarge
    return body


class TooLarge(PaybillError):
    """The body is larger than a state may be."""

    status = 413


state_view = _open({"GET": _get, "POST": _save, "LOCK": _lock, "UNLOCK": _unlock})
lock_view = _open({"POST": _lock})
unlock_view = _open({"POST": _unlock})
