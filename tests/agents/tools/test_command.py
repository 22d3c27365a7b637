"""What agents could meet, said on the command line."""

from __future__ import annotations

import json
from io import StringIO

from django.core.management import call_command

from agents.tools.catalogue import tools_here
from paybill_site.kernel.planes import Place, plane


def test_the_command_lists_the_tools_of_each_plane(
    tenant_a: Place, control: Place
) -> None:
    text, told = StringIO(), StringIO()
    call_command("tools", stdout=text)
    call_command("tools", "--json", stdout=told)
    described = json.loads(told.getvalue())
    for name, place in (("tenant", tenant_a), ("control", control)):
        with plane(place):
            here = tools_here()
        assert [tool["name"] for tool in described[name]] == list(here)
        for tool in here.values():
            assert f"{tool.name} " in text.getvalue()
            assert tool.digest()[:12] in text.getvalue()
