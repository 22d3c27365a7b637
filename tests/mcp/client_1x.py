"""A round trip with the official client, version 1: run as a program of its own."""
# mypy: ignore-errors
# (The version that is installed for the tests' own checks is another one.)

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


async def main(address: str, host: str, token: str, order: str) -> dict[str, Any]:
    headers = {"host": host, "authorization": f"Bearer {token}"}
    async with (
        streamablehttp_client(address, headers=headers) as (reads, writes, _),
        ClientSession(reads, writes) as client,
    ):
        begun = await client.initialize()
        tools = await client.list_tools()
        row = await client.call_tool("get_order", {"id": order})
        wish = {"id": order, "reason": "ordered_by_mistake"}
        keyed = {**wish, "idempotency_key": "round-trip"}
        done = await client.call_tool("cancel_order", keyed)
        again = await client.call_tool("cancel_order", keyed)
        refused = await client.call_tool("cancel_order", wish)
        resources = await client.list_resources()
        return {
            "version": begun.protocolVersion,
            "tools": [tool.name for tool in tools.tools],
            "read": row.structuredContent,
            "done": done.structuredContent,
            "again": again.structuredContent,
            "refused": [refused.isError, refused.structuredContent],
            "resources": len(resources.resources),
        }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(*sys.argv[1:]))))
