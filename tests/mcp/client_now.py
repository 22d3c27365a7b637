"""A round trip with the official client, version 2: run as a program of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult


async def yes(context: Any, params: Any) -> ElicitResult:
    """The user agrees to what is shown."""
    return ElicitResult(action="accept", content={"confirm": True})


async def main(address: str, host: str, token: str, order: str) -> dict[str, Any]:
    headers = {"host": host, "authorization": f"Bearer {token}"}
    told: list[float] = []

    async def watch(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)

    async with httpx2.AsyncClient(headers=headers) as http:
        transport = streamable_http_client(address, http_client=http)
        async with Client(transport, elicitation_callback=yes) as client:
            tools = await client.list_tools()
            row = await client.call_tool("get_order", {"id": order}, None, watch)
            wish = {"id": order, "reason": "ordered_by_mistake"}
            keyed = {**wish, "idempotency_key": "round-trip"}
            done = await client.call_tool("cancel_order", keyed)
            refused = await client.call_tool("cancel_order", wish)
            resources = await client.list_resources()
            return {
                "version": client.protocol_version,
                "tools": [tool.name for tool in tools.tools],
                "read": row.structured_content,
                "progress": told,
                "done": done.structured_content,
                "refused": [refused.is_error, refused.structured_content],
                "resources": len(resources.resources),
            }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(*sys.argv[1:]))))
