"""Drives the page in headless Chromium over the DevTools protocol: worsens its link, sees the level fall on the page
and quality.degraded arrive, mends it, sees quality.restored; and looks at it in light, dark and narrow.

usage: test_page.py SERVER_BINARY [--screenshots DIRECTORY]
"""
import asyncio
import base64
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import time

import websockets

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/echo-server"))
from link_client import Server  # noqa: E402

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-quic", "--hide-scrollbars",
         "--remote-debugging-port=0", "--window-size=1280,900"]


class Browser:
    """Chromium with one page, spoken to in the DevTools protocol."""

    async def __aenter__(self):
        self.profile = tempfile.mkdtemp()
        self.process = await asyncio.create_subprocess_exec(
            shutil.which("chromium") or "/usr/bin/chromium", *FLAGS, f"--user-data-dir={self.profile}",
            "about:blank", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
        self.number, self.waiting, self.events = 0, {}, []
        self.socket = await websockets.connect(await self.address(), max_size=None, ping_interval=None)
        self.reader = asyncio.ensure_future(self.read())
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")
        return self

    async def address(self):
        port = pathlib.Path(self.profile, "DevToolsActivePort")
        for _ in range(200):
            if port.exists() and len(port.read_text().split()) == 2:
                number, path = port.read_text().split()
                return f"ws://127.0.0.1:{number}{path}"
            await asyncio.sleep(0.1)
        raise RuntimeError("Chromium did not start")

    async def read(self):
        async for text in self.socket:
            message = json.loads(text)
            if "id" in message:
                self.waiting.pop(message["id"]).set_result(message)
            else:
                self.events.append(message)

    async def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if hasattr(self, "session") and not method.startswith("Target."):
            request["sessionId"] = self.session
        self.waiting[self.number] = answer = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps(request))
        message = await asyncio.wait_for(answer, 20)
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']}")
        return message["result"]

    async def value(self, expression):
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    async def until(self, expression, seconds):
        """Waits until the expression is true; returns after how long, or None."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if await self.value(expression):
                return time.monotonic() - began
            await asyncio.sleep(0.2)
        return None

    async def picture(self, directory, name):
        shot = await self.call("Page.captureScreenshot", format="png")
        data = base64.b64decode(shot["data"])
        if directory:
            pathlib.Path(directory, name + ".png").write_bytes(data)
        return data

    async def look(self, width=1280, height=900, scheme="light"):
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                        mobile=False)
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        await asyncio.sleep(0.6)

    def complaints(self):
        """Console errors and exceptions, and requests to anybody else."""
        found = []
        for event in self.events:
            params = event.get("params", {})
            if event["method"] == "Runtime.exceptionThrown":
                found.append(params["exceptionDetails"].get("text", "exception"))
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(params["entry"]["text"])
            elif event["method"] == "Network.requestWillBeSent":
                url = params["request"]["url"]
                if not re.match(r"(http|ws)://127\.0\.0\.1[:/]|data:|about:", url):
                    found.append("request to " + url)
        return found

    async def __aexit__(self, *_):
        self.reader.cancel()
        await self.socket.close()
        self.process.kill()
        await self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


LEVEL = "document.body?.dataset.level"


def got(kind, level=None):
    match = f"m.message.type === '{kind}'" + (f" && m.message.level === '{level}'" if level else "")
    return f"app.messages.some(m => m.direction === 'in' && {match})"


async def drive(browser, pictures, report):
    async def reaches(what, expression, seconds):
        took = await browser.until(expression, seconds)
        detail = "" if took is not None else f" (level {await browser.value(LEVEL)}, {await browser.value('document.body.dataset.reason')})"
        report(took is not None, what + (f", after {took:.1f} s" if took is not None else detail))

    async def press(text):
        await browser.value(f"[...document.querySelectorAll('button')].find(b => b.textContent === '{text}').click()")

    await reaches("the page connects and is at full", f"{LEVEL} === 'full'", 10)
    await asyncio.sleep(4)
    report(await browser.value("counts.chunksIn > 20 && counts.probes > 10"), "audio comes back, probes are answered")
    await browser.picture(pictures, "1-full")
    await press("slower")
    await reaches("a slow link falls to low on the page", f"{LEVEL} === 'low'", 15)
    await reaches("quality.degraded arrived", got("quality.degraded", "low"), 5)
    report(await browser.value("document.getElementById('level').textContent") == "low", "the page says so")
    await asyncio.sleep(3)
    await browser.picture(pictures, "2-low")
    await press("mended")
    await reaches("mended, it is restored to full", f"{LEVEL} === 'full'", 40)
    report(await browser.value(got("quality.restored", "full")), "quality.restored arrived")
    await browser.picture(pictures, "3-restored")
    await press("silent")
    await reaches("silence leads to fallback", f"{LEVEL} === 'fallback'", 20)
    report(await browser.value(got("mode.fallback")), "mode.fallback arrived")
    await browser.look(scheme="dark")
    await browser.picture(pictures, "4-fallback-dark")
    await press("mended")
    await reaches("it comes back from fallback", f"{LEVEL} === 'full'", 45)
    await browser.value("app.force('reduced', 60000)")
    await reaches("a forced level holds", f"{LEVEL} === 'reduced' && document.body.dataset.reason === 'manual'", 5)
    await browser.value("app.release()")
    await reaches("released, it returns", f"{LEVEL} === 'full'", 15)
    await browser.value("app.ackMode = 'refuse'")
    await press("slow")
    await reaches("a refused change is put back", f"{LEVEL} === 'full' && document.body.dataset.reason === 'refused'", 20)
    for _ in range(5):
        await press("Burst of 20")
    await reaches("work is admitted, queued and turned away",
                  "document.getElementById('answers').textContent.includes('reject')", 10)
    await browser.look(width=400, height=1400, scheme="light")
    report(await browser.value("document.documentElement.scrollWidth <= 400"), "it fits a phone")
    await browser.picture(pictures, "5-narrow")


async def run(binary, pictures):
    results = []

    def report(holds, what):
        results.append(bool(holds))
        print("ok:" if holds else "not ok:", what, flush=True)

    async with Server(binary, "127.0.0.1", 0) as url, Browser() as browser:
        await browser.look()
        await browser.call("Page.navigate", url=url.replace("ws://", "http://").replace("/ws", "/"))
        await drive(browser, pictures, report)
        complaints = browser.complaints()
        report(not complaints, "no errors, no requests to others" + (f": {complaints}" if complaints else ""))
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return all(results)


def main():
    pictures = sys.argv[3] if sys.argv[2:3] == ["--screenshots"] else None
    if pictures:
        os.makedirs(pictures, exist_ok=True)
    return 0 if asyncio.run(run(sys.argv[1], pictures)) else 1


sys.exit(main())
