"""The token is looked up now and then, and a new one is used soon."""

from __future__ import annotations

import asyncio

from aiohttp import web
from kubernetes import client

from bayplan_operator.kube.api_server import ApiServer


async def test_a_token_that_was_replaced_is_used_within_moments() -> None:
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        return web.Response(text="{}")

    app = web.Application()
    app.router.add_get("/x", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    configuration = client.Configuration()
    configuration.host = f"http://127.0.0.1:{runner.addresses[0][1]}"
    configuration.api_key = {"authorization": "Bearer first"}
    try:
        async with ApiServer(configuration) as server:
            await server.call("GET", "/x")
            configuration.api_key = {"authorization": "Bearer second"}
            async with asyncio.timeout(10.0):
                while seen[-1] != "Bearer second":
                    await asyncio.sleep(0.05)
                    await server.call("GET", "/x")
    finally:
        await runner.cleanup()
    assert set(seen) == {"Bearer first", "Bearer second"}
