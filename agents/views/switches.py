"""How a tenant on a server of its own hears of the installation's switch."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from agents.actions.everywhere import AUDIENCE, ME, FollowSwitch
from paybill_site.accounts import entry
from paybill_site.accounts.views import pushed
from paybill_site.kernel.actions import perform

SAYS = ("thrown", "reason", "move")


@csrf_exempt  # no cookie counts here; the token is what is believed
@require_POST
def push_switch(request: HttpRequest) -> HttpResponse:
    """Take a signed word about the switch; an older one than was heard does nothing."""
    claims = entry.read_word(pushed(request, most=5000), AUDIENCE, *SAYS)
    said = {name: claims[name] for name in SAYS}
    perform(FollowSwitch, None, said, actor=ME)
    return HttpResponse(status=204)
