"""Chromium without a window, driven over the DevTools protocol through a pair of pipes. Standard library only."""

import base64
import fcntl
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time


class BrowserError(Exception):
    pass


class Browser:
    """A Chromium of a test's own, with an empty profile, that reaches this machine alone."""

    def __init__(self):
        program = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
        if program is None:
            raise BrowserError("there is no chromium on the PATH; `sh scripts/setup.sh chromium` installs it")
        self.folder = tempfile.mkdtemp(prefix="graft-browser-")
        self.replies, self.sessions, self.count = {}, {}, 0
        self.lock = threading.Lock()
        to_browser, self.writer = os.pipe()
        self.reader, from_browser = os.pipe()
        # The browser reads descriptor 3 and writes 4.
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (to_browser, from_browser)]

        def place():
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        options = [
            "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={self.folder}", "--no-first-run",
            "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync",
            "--disable-component-update", "--disable-default-apps", "--disable-extensions", "--mute-audio",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        ]
        if os.geteuid() == 0:
            options.append("--no-sandbox")
        self.process = subprocess.Popen(
            [program, *options, "about:blank"], preexec_fn=place, pass_fds=(3, 4), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in (to_browser, from_browser, *high):
            os.close(end)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        text = b""
        while True:
            part = os.read(self.reader, 1 << 20)
            if not part:
                break
            text += part
            *messages, text = text.split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self.replies[message["id"]].put(message)
                else:
                    page = self.sessions.get(message.get("sessionId"))
                    if page is not None:
                        page.events.append(message)
        for waiting in list(self.replies.values()):
            waiting.put({"error": {"message": "the browser has ended"}})

    def call(self, method, session=None, **parameters):
        with self.lock:
            self.count += 1
            number = self.count
            self.replies[number] = queue.Queue()
            message = {"id": number, "method": method, "params": parameters}
            if session:
                message["sessionId"] = session
            os.write(self.writer, json.dumps(message).encode() + b"\0")
        try:
            reply = self.replies[number].get(timeout=60)
        except queue.Empty:
            raise BrowserError(f"{method}: no answer within a minute") from None
        del self.replies[number]
        if "error" in reply:
            raise BrowserError(f"{method}: {reply['error']['message']}")
        return reply["result"]

    def page(self):
        """A page of its own: another viewer, with a storage of his own."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        self.sessions[session] = page
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility", "Audits"]:
            page.call(f"{domain}.enable")
        return page

    def close(self):
        try:
            self.call("Browser.close")
        except BrowserError:
            pass
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Page:
    def __init__(self, browser, session):
        self.browser, self.session, self.events = browser, session, []

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'", f"{url} to load")

    def run(self, script):
        """The value of an expression, which may be a promise."""
        reply = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in reply:
            details = reply["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description") or details["text"])
        return reply["result"].get("value")

    def wait(self, script, what, seconds=30):
        """Until an expression is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if value := self.run(script):
                    return value
            except BrowserError as error:
                if "context" not in str(error):
                    raise
            time.sleep(0.1)
        raise BrowserError(f"waited {seconds} s for {what}")

    def click(self, selector):
        """Clicks where a person would: in the middle of what is there, which must not be covered."""
        place = self.run(f"""(() => {{
            const node = document.querySelector({json.dumps(selector)});
            if (!node || node.disabled) return null;
            node.scrollIntoView({{block: "center", inline: "center"}});
            const box = node.getBoundingClientRect();
            const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
            const hit = document.elementFromPoint(x, y);
            return node.contains(hit) || hit?.contains(node) ? [x, y] : null;
        }})()""")
        if place is None:
            raise BrowserError(f"{selector} cannot be clicked")
        for kind in ["mousePressed", "mouseReleased"]:
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def press(self, key, code=None, number=0, shift=False):
        for kind in ["rawKeyDown", "keyUp"]:
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=code or key, windowsVirtualKeyCode=number,
                modifiers=8 if shift else 0)

    def resize(self, width, height, scale=1):
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
            mobile=width < 500)

    def media(self, kind="", **features):
        self.call(
            "Emulation.setEmulatedMedia", media=kind,
            features=[{"name": name.replace("_", "-"), "value": value} for name, value in features.items()])

    def screenshot(self, path, whole=True):
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}
            image = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        else:
            image = self.call("Page.captureScreenshot")
        with open(path, "wb") as file:
            file.write(base64.b64decode(image["data"]))

    def complaints(self):
        """Errors and warnings of scripts and of the browser, and breaches of the content policy."""
        found = []
        for event in self.events:
            told = event["params"]
            match event["method"]:
                case "Runtime.exceptionThrown":
                    details = told["exceptionDetails"]
                    found.append(details.get("exception", {}).get("description") or details["text"])
                case "Runtime.consoleAPICalled" if told["type"] in ("error", "warning", "assert"):
                    found.append(" ".join(str(part.get("value", part.get("description"))) for part in told["args"]))
                case "Log.entryAdded" if told["entry"]["level"] in ("error", "warning"):
                    found.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
                case "Audits.issueAdded":
                    found.append(json.dumps(told["issue"])[:400])
        return found

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"]
