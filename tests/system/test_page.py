"""Drives the page in headless Chromium over the DevTools protocol: worsens its link, sees the level fall on the page
and quality.degraded arrive, mends it, sees quality.restored; does the same by silence, by hand and with a client that
refuses; stops and restarts the server; and looks at the page in light, dark and narrow.

usage: test_page.py SERVER_BINARY [--screenshots DIRECTORY]
"""
import argparse
import asyncio
import base64
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import time
import urllib.parse

import websockets

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/echo-server"))
from link_client import Server  # noqa: E402

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-quic", "--hide-scrollbars",
         "--remote-debugging-port=0", "--window-size=1280,800"]
OURS = re.compile(r"(http|ws)://127\.0\.0\.1:\d+/|data:|about:")
LEVEL = "document.body.dataset.level"
REASON = "document.body.dataset.reason"
CONNECTED = "document.body.dataset.connected"


class Browser:
    """Chromium with one page, spoken to in the DevTools protocol."""

    async def __aenter__(self):
        self.profile = tempfile.mkdtemp(prefix="test-page-")
        self.process = await asyncio.create_subprocess_exec(
            shutil.which("chromium") or "/usr/bin/chromium", *FLAGS, f"--user-data-dir={self.profile}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, start_new_session=True)
        self.number, self.waiting, self.events, self.session = 0, {}, [], None
        self.socket = self.reader = None
        try:
            await self.attach()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def attach(self):
        self.socket = await websockets.connect(await self.address(), max_size=None, ping_interval=None)
        self.reader = asyncio.ensure_future(self.read())
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")

    async def address(self):
        port = pathlib.Path(self.profile, "DevToolsActivePort")
        for _ in range(300):
            if port.exists() and len(port.read_text().split()) == 2:
                number, path = port.read_text().split()
                return f"ws://127.0.0.1:{number}{path}"
            if self.process.returncode is not None:
                raise RuntimeError(f"Chromium ended with {self.process.returncode} before it could be driven")
            await asyncio.sleep(0.1)
        raise RuntimeError("Chromium did not open its DevTools port within 30 s")

    async def read(self):
        async for text in self.socket:
            message = json.loads(text)
            if "id" not in message:
                self.events.append(message)
            elif message["id"] in self.waiting:
                self.waiting.pop(message["id"]).set_result(message)

    async def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        self.waiting[self.number] = answer = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps(request))
        try:
            message = await asyncio.wait_for(answer, 20)
        except asyncio.TimeoutError:
            raise RuntimeError(f"Chromium did not answer {method} within 20 s") from None
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
            await asyncio.sleep(0.1)
        return None

    async def open(self, url):
        await self.call("Page.navigate", url=url)
        if await self.until("window.app && document.readyState === 'complete'", 10) is None:
            raise RuntimeError(f"{url} did not load within 10 s")

    async def look(self, width=1280, height=800, scheme="light", scale=1):
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                        mobile=False)
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        await asyncio.sleep(0.6)

    async def picture(self, path=None):
        shot = await self.call("Page.captureScreenshot", format="png")
        data = base64.b64decode(shot["data"])
        if path:
            path.write_bytes(data)
        return data

    def exceptions(self):
        for event in self.events:
            if event["method"] == "Runtime.exceptionThrown":
                details = event["params"]["exceptionDetails"]
                yield details.get("exception", {}).get("description") or details["text"]

    def complaints(self):
        """Exceptions, console errors, and requests to anybody else."""
        found = [*self.exceptions()]
        for event in self.events:
            params = event.get("params", {})
            if event["method"] == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
                found.append(str(params["args"]))
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(params["entry"]["text"])
        return found + [f"request to {url}" for url in self.requests() if not OURS.match(url)]

    def requests(self):
        for event in self.events:
            if event["method"] == "Network.requestWillBeSent":
                yield event["params"]["request"]["url"]
            elif event["method"] == "Network.webSocketCreated":
                yield event["params"]["url"]

    async def __aexit__(self, *_):
        if self.reader:
            self.reader.cancel()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        await self.process.wait()
        if self.socket:
            await self.socket.close()
        shutil.rmtree(self.profile, ignore_errors=True)


class Report:
    """Says of each expectation whether it holds."""

    def __init__(self):
        self.results = []

    def __call__(self, holds, what, detail=""):
        self.results.append(bool(holds))
        print(("ok: " if holds else "not ok: ") + what + (f" ({detail})" if detail else ""), flush=True)

    def summary(self):
        print(f"{self.results.count(True)} passed, {self.results.count(False)} failed", flush=True)
        return all(self.results)


class Scene:
    """One browser at the page, and what the tests say to it."""

    def __init__(self, browser, report, pictures):
        self.browser, self.report, self.pictures = browser, report, pictures

    async def reaches(self, what, expression, seconds):
        took = await self.browser.until(expression, seconds)
        if took is None:
            seen = await self.browser.value(f"`${{{LEVEL}}}, ${{{REASON}}}, connected ${{{CONNECTED}}}`")
            self.report(False, what, f"not within {seconds} s; the page is at {seen}")
        else:
            self.report(True, what, f"{took:.1f} s")
        return took is not None

    async def holds(self, what, expression):
        self.report(await self.browser.value(expression), what)

    async def press(self, text):
        found = await self.browser.value(
            "(() => { const found = [...document.querySelectorAll('button')]"
            f".find(one => one.textContent === {json.dumps(text)}); found?.click(); return !!found; }})()")
        if not found:
            raise RuntimeError(f"there is no button {text!r}")

    async def shows(self, element, text):
        await self.holds(f"the page shows {text!r}",
                         f"document.getElementById('{element}').textContent.includes({json.dumps(text)})")

    async def shoot(self, name):
        return await self.browser.picture(self.pictures / f"{name}.png" if self.pictures else None)


def heard(kind, **members):
    """An expression: the page heard such a message since it was last told to forget."""
    match = "".join(f" && m.message.{name} === {json.dumps(value)}" for name, value in members.items())
    return f"app.messages.some(m => m.direction === 'in' && m.message.type === '{kind}'{match})"


async def link_falls_and_mends(scene):
    await scene.reaches("the page connects and is at full", f"{CONNECTED} === 'true' && {LEVEL} === 'full'", 10)
    await scene.reaches("audio comes back and probes are answered",
                        "app.counts.chunksIn > 20 && app.counts.probes > 10", 10)
    await scene.shoot("1-full")
    await scene.press("slow")
    await scene.reaches("700 ms of delay lead to low", f"{LEVEL} === 'low'", 15)
    await scene.reaches("quality.degraded has arrived", heard("quality.degraded", level="low"), 5)
    await scene.shows("level", "low")
    await scene.shows("user-text", "Limited quality due to network")
    await scene.shows("why", "above 500 ms")
    await scene.holds("the page acknowledged it",
                      "app.messages.some(m => m.message.type === 'quality.ack' && m.message.accepted)")
    await asyncio.sleep(3)
    await scene.shoot("2-low")
    await scene.shows("way-up", "Way up")
    await stands_still(scene)
    await scene.press("mended")
    await scene.reaches("mended, it is restored to full", f"{LEVEL} === 'full'", 30)
    await scene.reaches("quality.restored has arrived", heard("quality.restored", level="full"), 5)
    await scene.shows("user-text", "Normal operation")
    await scene.shoot("3-restored")


async def stands_still(scene):
    """However much there is to say of the level, what stands below it does not move."""
    top = "document.getElementById('charts').getBoundingClientRect().top"
    moved = await scene.browser.value(
        f"(() => {{ const before = {top}, way = document.getElementById('way-up'), said = way.textContent;"
        f"way.textContent = said.repeat(6); const after = {top}; way.textContent = said; return after - before; }})()")
    scene.report(moved == 0, "a longer text moves nothing", f"{moved} px")


async def keeps_its_pace(scene):
    """A chunk at low lasts 256 ms: at twice the speed of sound it is 8 a second."""
    before, began = await scene.browser.value("app.counts.chunksOut"), time.monotonic()
    await asyncio.sleep(2)
    sent = await scene.browser.value("app.counts.chunksOut") - before
    rate = sent / (time.monotonic() - began) * 0.256
    scene.report(1.5 < rate < 2.5, "what was kept follows at twice the speed of sound", f"{rate:.1f}")


async def silence_leads_down(scene):
    await scene.press("silent")
    await scene.reaches("silence leads to fallback", f"{LEVEL} === 'fallback'", 20)
    await scene.reaches("mode.fallback has arrived", heard("mode.fallback", enabled=True), 5)
    await scene.reaches("its own audio is kept", "app.kept > 24", 20)
    sent = await scene.browser.value("app.counts.chunksOut")
    await asyncio.sleep(1)
    await scene.holds("no audio goes out in fallback", f"app.counts.chunksOut === {sent}")
    await scene.browser.look(scheme="dark")
    await scene.shoot("4-fallback-dark")
    before = await scene.browser.value("recoveryInWords()")
    await scene.reaches("the time to recovery runs down", f"recoveryInWords() !== {json.dumps(before)}", 3)
    await scene.press("mended")
    await scene.reaches("it comes back from fallback", f"{LEVEL} === 'full'", 30)
    await scene.reaches("mode.fallback ended", heard("mode.fallback", enabled=False), 5)
    await keeps_its_pace(scene)
    await scene.reaches("what was kept is sent", "app.kept < 3", 40)
    await scene.reaches("and to full again", f"{LEVEL} === 'full'", 40)
    await scene.shoot("5-back-dark")


async def loses_what_is_set(scene):
    await scene.press("lossy")
    await scene.reaches("15 % of loss that are set are measured as such",
                        "Math.abs(state.estimates.loss - 0.15) < 0.02", 30)
    await scene.press("mended")
    await scene.reaches("mended, it is at full again", f"{LEVEL} === 'full'", 60)


async def force_and_refuse(scene):
    await scene.browser.value("app.force('reduced')")
    await scene.reaches("a forced level holds", f"{LEVEL} === 'reduced' && {REASON} === 'manual'", 5)
    await scene.shows("why", "Forced by hand")
    await scene.browser.value("app.release()")
    await scene.reaches("released, it returns", f"{LEVEL} === 'full'", 15)
    await scene.browser.value("app.ackMode = 'refuse'; app.link.delay_ms = 420")
    await scene.reaches("a change that is refused is put back", f"{LEVEL} === 'full' && {REASON} === 'refused'", 20)
    await scene.browser.value("app.ackMode = 'accept'")
    await scene.press("mended")


async def work_is_refused(scene):
    for _ in range(8):
        await scene.press("Burst x20")
    await scene.reaches("it is said why", "/^rejected: [a-z ]+ \\d+/.test(document.getElementById('say-reasons').textContent)", 15)
    await scene.reaches("work is admitted or waits, and too much is turned away",
                        "(({ admit, wait, reject, done }) => admit + wait > 0 && reject > 0 && done > 0)(app.answers)", 15)
    await scene.reaches("the log is full, and bounded",
                        "app.messages.length === 300 && document.getElementById('log').children.length === 300", 5)


def luminance(colour):
    """As in WCAG 2.1."""
    shares = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


async def readable(scene, scheme):
    """Every colour that words have, on everything that they stand on."""
    await scene.browser.look(scheme=scheme)
    words, grounds = ["text", "soft", "full", "reduced", "low", "fallback"], ["card", "back", "field"]
    colours = await scene.browser.value(
        "(() => { const style = getComputedStyle(document.documentElement); return Object.fromEntries("
        f"{json.dumps(words + grounds)}.map(name => [name, style.getPropertyValue('--' + name).trim()])); }})()")
    full = {name: c if len(c) == 7 else "#" + "".join(2 * digit for digit in c[1:]) for name, c in colours.items()}
    worst = min(contrast(full[word], full[ground]) for word in words for ground in grounds)
    scene.report(worst >= 4.5, f"words are readable in {scheme}", f"contrast {worst:.1f}")


async def on_a_phone(scene):
    """Who worsens the link there sees what comes of it."""
    await scene.browser.look(width=390, height=700, scheme="light", scale=2)
    rows = [await scene.browser.value(
        f"document.getElementById({json.dumps(name)}).scrollIntoView(), "
        "['now', 'sliders', 'presets', 'force'].map(id => { const at = document.getElementById(id)"
        ".getBoundingClientRect(); return at.top >= 0 && at.bottom <= innerHeight; })") for name in ("worsen", "forced")]
    scene.report(rows[0][0] and rows[1][0], "on a phone the level stays in sight", rows)
    await scene.browser.value("scrollTo(0, 0)")
    await scene.shoot("7-phone")
    above = await scene.browser.value("['now', 'sliders', 'presets'].every(id => document.getElementById(id)"
                                      ".getBoundingClientRect().bottom <= innerHeight)")
    scene.report(above, "beside the controls of the link")
    await scene.browser.look(width=400, height=1500, scheme="light", scale=2)


async def looks(scene):
    await readable(scene, "light")
    await readable(scene, "dark")
    light = (await scene.browser.look(scheme="light"), await scene.shoot("6-light"))[1]
    dark = (await scene.browser.look(scheme="dark"), await scene.shoot("6-dark"))[1]
    scene.report(light != dark, "light and dark differ")
    await scene.holds("1280 x 800 need no scrolling", "document.documentElement.scrollHeight <= 800")
    await scene.browser.look(width=400, height=1500, scheme="light", scale=2)
    await scene.holds("it fits a phone", "document.documentElement.scrollWidth <= 400")
    await on_a_phone(scene)
    await scene.holds("charts are crisp",
                      "[...document.querySelectorAll('canvas')].every(one => one.width === 2 * one.clientWidth)")
    await scene.shoot("7-narrow-light")
    await scene.browser.look(width=400, height=1500, scheme="dark", scale=2)
    await scene.shoot("7-narrow-dark")
    await scene.browser.look()


async def drive(scene):
    await link_falls_and_mends(scene)
    await silence_leads_down(scene)
    await force_and_refuse(scene)
    await loses_what_is_set(scene)
    await work_is_refused(scene)
    await looks(scene)
    complaints = scene.browser.complaints()
    scene.report(not complaints, "no errors, no request to others", "; ".join(complaints))


async def drains(scene, server):
    """The page tells of it while it lasts, and how to end it."""
    server.process.send_signal(signal.SIGTERM)
    await scene.reaches("a drain is seen", "!document.getElementById('drain').hidden", 3)
    await scene.shows("drain-text", "A second Ctrl-C (or SIGTERM) ends it at once")
    await scene.shows("server", "draining")
    await scene.shoot("8-draining")
    server.process.send_signal(signal.SIGTERM)


async def server_goes(scene):
    await scene.reaches("without a server the page says so", f"{CONNECTED} === 'false'", 10)
    await scene.holds("and not that anything is in force", "document.title.startsWith('offline') && "
                      f"{LEVEL} === '' && document.getElementById('level').textContent === 'offline'")
    await scene.shows("server", "not connected")
    await scene.holds("the close is in the log", "app.messages.at(-1).message.type === 'close'")
    await scene.holds("no drain is told of any more", "document.getElementById('drain').hidden")
    await scene.reaches("and what to check", "!document.getElementById('trouble').hidden", 30)
    await scene.shows("trouble-text", "/readyz does not answer")
    await scene.shoot("8-no-server")


async def server_returns(scene):
    await scene.reaches("with a server it connects again",
                        f"{CONNECTED} === 'true' && document.getElementById('trouble').hidden", 30)
    last = [*scene.browser.requests()][-1]
    scene.report(last.endswith("/ws?reconnect=1"), "as one that was here before", last)
    await scene.reaches("and is at full", f"{LEVEL} === 'full' && app.counts.chunksIn > 20", 10)
    exceptions = [*scene.browser.exceptions()]
    scene.report(not exceptions, "no exception in all this", "; ".join(exceptions))


async def story(binary, pictures, report):
    async with Browser() as browser:
        scene = Scene(browser, report, pictures)
        await browser.look()
        server = Server(binary, "127.0.0.1", 0, drain_period=20)
        async with server as url:
            address = urllib.parse.urlsplit(url)
            await browser.open(f"http://{address.netloc}/")
            await drive(scene)
            await drains(scene, server)
        await server_goes(scene)
        async with Server(binary, "127.0.0.1", address.port):
            await server_returns(scene)


async def run(binary, pictures):
    report = Report()
    try:
        await story(binary, pictures, report)
    except RuntimeError as fault:
        report(False, "the story is told to its end", str(fault))
    return report.summary()


def main():
    parser = argparse.ArgumentParser(description="Drives the echo server's page in headless Chromium.")
    parser.add_argument("server", help="the echo server's binary")
    parser.add_argument("--screenshots", type=pathlib.Path, help="a directory to put pictures into")
    options = parser.parse_args()
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)
    return 0 if asyncio.run(run(options.server, options.screenshots)) else 1


if __name__ == "__main__":
    sys.exit(main())
