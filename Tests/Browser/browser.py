"""The live page and the report's page in a real browser: `make test-browser`.

A study runs with workers that compute nothing (graft-hollow-worker); the page of `graft serve` is opened, watched, chosen on,
stopped and retried from, and looked at as different people see it. GRAFT_SCREENSHOTS names a folder for pictures.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import checks
from devtools import Browser, BrowserError

STUDY = """\
study: small
axes:
  dataset: [grading, screening]
  backbone: [resnet_micro, vit_micro]
  fraction: [1.0]
  init: [RI, ST, WT]
seeds: 2
training: {epochs: 1, batch_size: 32, image_size: 32}
datasets:
  shapes: {format: phantom, domain: source, images: {train: 200, val: 40, test: 40}, size: 40, seed: 7}
  grading: {format: phantom, domain: grading, images: {train: 96, val: 40, test: 40}, size: 40, seed: 8}
  screening: {format: phantom, domain: screening, images: {train: 96, val: 40, test: 40}, size: 40, seed: 9}
weights:
  resnet_micro: {pretrain: {dataset: shapes, epochs: 1}}
  vit_micro: {pretrain: {dataset: shapes, epochs: 1}}
resources: {jobs: 2, threads_per_job: 1}
"""


class Scenario:
    def __init__(self, graft, worker):
        self.graft, self.problems, self.done = graft, [], 0
        self.folder = tempfile.mkdtemp(prefix="graft-page-")
        self.pictures = os.environ.get("GRAFT_SCREENSHOTS")
        if self.pictures:
            os.makedirs(self.pictures, exist_ok=True)
        own = {name: value for name, value in os.environ.items() if not name.startswith("GRAFT_")}
        self.environment = own | {"GRAFT_WORKER": worker}
        with open(f"{self.folder}/small.yaml", "w") as file:
            file.write(STUDY)
        self.server = self.run_process = None
        self.browser = Browser()

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [self.graft, *arguments], cwd=self.folder, env=self.environment | environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def begin_run(self, seconds):
        self.run_process = self.start(
            "run", "small.yaml", "--quiet", GRAFT_HOLLOW_SECONDS=str(seconds), GRAFT_HOLLOW_FAILS="grading/vit_micro/1.0/ST/0")

    def expect(self, is_so, what):
        self.done += 1
        if not is_so:
            self.problems.append(what)
            print(f"  failed: {what}", flush=True)

    def expect_none(self, found, where):
        self.done += 1
        for problem in found:
            self.problems.append(f"{where}: {problem}")
            print(f"  failed: {where}: {problem}", flush=True)

    def picture(self, page, name, **options):
        if self.pictures:
            page.screenshot(f"{self.pictures}/{name}.png", **options)

    def close(self):
        self.browser.close()
        for process in [self.run_process, self.server]:
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)

    # What is tested, one after the other on one study.

    def all(self):
        self.begin_run(4)
        self.server = self.start("serve", "small.yaml", "--port", "0")
        self.url = self.server.stdout.readline().strip()
        self.expect(re.fullmatch(r"http://127\.0\.0\.1:\d+/#token=[0-9a-f]{64}", self.url), f"the address {self.url}")
        page = self.browser.page()
        page.resize(1280, 900)
        page.open(self.url)
        for part in [
            self.watches, self.chooses, self.shows_work, self.shows_failures, self.suits_everybody, self.stops,
            self.retries, self.prints, self.has_no_token, self.shows_the_report,
        ]:
            print(part.__doc__, flush=True)
            part(page)
        self.expect_none(page.complaints(), "the console")
        token = self.url.split("=")[1]
        self.expect(not any(token in url for url in page.requests() if "#" not in url), "the token was requested")
        hosts = {url.split("/")[2] for url in page.requests()}
        self.expect(hosts == {self.url.split("/")[2]}, f"asked of {hosts}")
        print(self.is_lost.__doc__, flush=True)
        self.is_lost(page)

    def watches(self, page):
        """a page that keeps itself up to date"""
        page.wait("document.querySelector('#study').textContent === 'small'", "the study's name")
        self.expect(page.run("location.hash") == "", "the token is still in the address")
        page.wait("document.querySelector('#link').classList.contains('live')", "it to be live")
        page.wait("document.querySelector('#run').textContent.startsWith('Run by process')", "the run")
        before = page.run("Number(document.querySelector('#done').textContent)")
        page.wait(f"Number(document.querySelector('#done').textContent) > {before}", "a cell to be done", 60)
        self.expect(page.run("document.title").endswith("/24 small"), "the title")
        page.wait("document.querySelector('#said').textContent.includes('cells done')", "a word for screen readers")

    def chooses(self, page):
        """cells along chosen axes"""
        corner = "document.querySelector('#matrix thead th').textContent"
        page.wait(f"{corner} === 'dataset \\\\ backbone'", "the matrix")
        choose = (
            "(() => {{ const box = document.querySelector('#{0}'); box.value = '{1}';"
            " box.dispatchEvent(new Event('change', {{bubbles: true}})); }})()")
        page.run(choose.format("rows", "init"))
        page.wait(f"{corner} === 'init \\\\ backbone'", "other rows")
        page.run(choose.format("rows", "backbone"))
        page.wait(f"{corner} === 'backbone \\\\ init'", "an axis taken from the other side")
        page.run(choose.format("columns", "seed"))
        page.wait(f"{corner} === 'backbone \\\\ seed'", "other columns")
        page.click("#swap")
        page.wait(f"{corner} === 'seed \\\\ backbone'", "axes that changed places")
        page.run(choose.format("rows", "backbone"))
        page.wait(f"{corner} === 'backbone \\\\ seed'", "an axis taken from the other side")
        page.run(choose.format("columns", ""))
        page.wait("document.querySelectorAll('#matrix thead th').length === 2", "one column")
        page.run(choose.format("rows", "init"))
        page.run(choose.format("columns", "backbone"))
        page.wait(f"{corner} === 'init \\\\ backbone'", "the axes")
        counts = page.run("document.querySelector('#matrix tbody button').getAttribute('aria-label')")
        self.expect(re.match(r"RI, resnet_micro: \d of 4 done", counts), f"an entry says {counts}")
        # Arrows go from entry to entry.
        page.run("document.querySelector('#matrix tbody button').focus()")
        page.press("ArrowDown", number=40)
        page.press("ArrowRight", number=39)
        name = page.run("document.activeElement.getAttribute('aria-label')")
        self.expect(name.startswith("ST, vit_micro"), f"arrows lead to {name}")
        page.click("#matrix tbody tr:nth-child(2) td:nth-child(3) button")
        page.wait("document.querySelectorAll('#chosen-list li').length === 4", "the cells of an entry")
        self.expect(page.run("document.activeElement.id") == "chosen-title", "the focus is not with the cells")
        page.click("#chosen-list button")
        page.wait("document.querySelectorAll('#cell .stage').length === 5", "a cell's stages")

    def shows_work(self, page):
        """what runs, with curves"""
        page.wait("document.querySelectorAll('#works > li').length > 0", "work")
        line = "document.querySelector('#works polyline')?.getAttribute('points').split(' ').length > 3"
        page.wait(line, "a curve", 60)
        label = page.run("document.querySelector('#works svg').getAttribute('aria-label')")
        self.expect("training loss" in label, f"the curve says {label}")
        told = page.run("document.querySelector('#works .told').textContent")
        self.expect(told.startswith("epoch ") or told == "nothing told yet", f"told: {told}")
        self.picture(page, "desktop-running")
        # Of a run on a cluster the server tells what is queued: that is counted, and has no place among what runs.
        queued = "{...study.running[0], attempt: 99, queued: true, told: null, progress: null, worker: null}"
        shown = page.run(
            f"(() => {{ showRunning({{running: [...study.running, {queued}]}});"
            " return [document.querySelector('#queued').textContent, document.querySelector('#queued').hidden,"
            " document.querySelectorAll('#works > li[data-attempt=\"99\"]').length]; })()")
        self.expect(shown == ["1 stage is handed over to the cluster and not begun yet.", False, 0], f"queued: {shown}")

    def shows_failures(self, page):
        """failures and logs"""
        page.wait("document.querySelectorAll('#failure-list li').length === 1", "the failure", 90)
        text = page.run("document.querySelector('#failure-list').textContent")
        self.expect("grading/vit_micro/1.0/ST/0" in text and "data:" in text, text)
        self.expect("What to do: leave GRAFT_HOLLOW_FAILS empty" in text, "no remedy")
        page.click("#failure-list button")
        page.wait("document.querySelector('#log-text').textContent.includes('looked for')", "the log")
        self.expect_none(page.run(checks.CONTRAST) + checks.names(page), "the log")
        self.picture(page, "desktop-log", whole=False)
        page.press("Escape", number=27)
        page.wait("!document.querySelector('#log').open", "the log to close")
        self.expect(page.run("document.activeElement.textContent") == "Log", "the focus is not where it was")

    def suits_everybody(self, page):
        """names, headings, contrast, keyboard, widths"""
        self.expect_none(checks.all_checks(page), "desktop")
        page.media(prefers_color_scheme="dark")
        self.picture(page, "desktop-dark")
        page.resize(360, 740, 2)
        self.picture(page, "phone-dark")
        self.expect_none(checks.width(page), "phone")
        page.media(prefers_color_scheme="light")
        self.picture(page, "phone")
        self.expect_none(checks.all_checks(page, keys=False), "phone")
        page.media(prefers_reduced_motion="reduce")
        moves = page.run("getComputedStyle(document.querySelector('.meter i')).transitionDuration")
        self.expect(moves == "0s", f"motion of {moves} though less is wanted")
        page.media(forced_colors="active")
        self.expect(page.run("getComputedStyle(document.querySelector('.meter')).height") != "0px", "no meters")
        page.media()
        page.resize(320, 600)
        self.expect_none(checks.width(page), "320 px")
        page.resize(1280, 900)
        # Twice as large letters.
        page.run("document.documentElement.style.fontSize = '200%'")
        page.resize(640, 900)
        self.expect_none(checks.width(page), "large letters")
        page.run("document.documentElement.style.fontSize = ''")
        page.resize(1280, 900)

    def stops(self, page):
        """the run is stopped"""
        page.wait("!document.querySelector('#stop').disabled", "a run to stop")
        page.click("#stop")
        self.expect(page.run("document.querySelector('#ask').open"), "it is not asked")
        self.expect(page.run("document.activeElement.id") == "ask-no", "the focus is not on the harmless answer")
        self.expect_none(page.run(checks.CONTRAST) + checks.names(page), "the question")
        self.picture(page, "desktop-question", whole=False)
        page.press("Escape", number=27)
        page.wait("!document.querySelector('#ask').open", "the question to close")
        self.expect(self.run_process.poll() is None, "the run was stopped without an answer")
        page.click("#stop")
        page.click("#ask-yes")
        page.wait("document.querySelector('#run').textContent.includes('No run now')", "the end of the run", 60)
        self.expect(self.run_process.wait(timeout=60) == 130, f"the run ended with {self.run_process.returncode}")
        page.wait("document.querySelector('#notices').textContent.includes('it has ended')", "what the stop came to")

    def retries(self, page):
        """what failed is run again"""
        self.begin_run(0.2)
        self.expect(self.run_process.wait(timeout=120) == 1, "the second run")
        page.wait("document.querySelector('#done').textContent === '23'", "all but one cell", 30)
        page.wait("!document.querySelector('#retry').disabled", "something to retry")
        page.click("#matrix tr.sum td.sum button")
        page.wait("document.querySelectorAll('#chosen-list li').length === 24", "all cells")
        self.expect(page.run("!document.querySelector('#retry-chosen').hidden"), "chosen cells cannot be retried")
        page.click("#close-chosen")
        page.click("#retry")
        page.click("#ask-yes")
        page.wait("document.querySelector('#done').textContent === '24'", "the failed cell", 60)
        page.wait("document.querySelector('#run').textContent.includes('All cells are done')", "the end")
        page.wait("!document.querySelector('#failures-none').hidden", "no failure")
        page.wait("document.querySelector('#notices').textContent.includes('`graft retry`')", "what the retry came to")
        self.expect(page.run("document.querySelector('#retry').disabled"), "a retry of nothing")

    def prints(self, page):
        """on paper"""
        page.media("print")
        seen = "document.querySelector('{0}').checkVisibility()"
        for part in ["#actions", "#axes", "footer"]:
            self.expect(not page.run(seen.format(part)), f"{part} is printed")
        for part in ["#matrix", "#failures", "#run"]:
            self.expect(page.run(seen.format(part)), f"{part} is not printed")
        self.expect_none(page.run(checks.CONTRAST), "paper")
        paper = page.call("Page.printToPDF", printBackground=False)["data"]
        self.expect(len(paper) > 4000, "a sheet with nothing on it")
        page.media()

    def has_no_token(self, page):
        """a viewer without the token"""
        other = self.browser.page()
        other.open(self.url.split("#")[0])
        other.wait("document.querySelector('#done').textContent === '24'", "the study")
        self.expect(other.run("document.querySelector('#actions').hidden"), "there are buttons without a token")
        self.expect(other.run("document.querySelector('#no-token').checkVisibility()"), "nothing says why")
        status = other.run(
            "fetch('api/stop', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'})"
            ".then((reply) => reply.status)")
        self.expect(status == 401, f"a stop without a token: {status}")
        # Neither does the policy let in what does not belong to the page.
        inline = other.run(
            "new Promise((done) => { document.addEventListener('securitypolicyviolation', () => done('refused'));"
            " const script = document.createElement('script'); script.textContent = 'window.ran = true';"
            " document.head.append(script); setTimeout(() => done(window.ran ? 'ran' : 'nothing'), 500); })")
        self.expect(inline == "refused", f"an inline script: {inline}")

    def shows_the_report(self, page):
        """the report"""
        made = self.start("report", "small.yaml")  # which the page finds when it is loaded
        self.expect(made.wait(timeout=120) == 0, "graft report")
        page.call("Page.reload")
        page.wait("document.querySelector('#report-page')?.hidden === false", "the link to the report")
        page.click("#report-rest summary")
        self.expect(page.run("document.querySelectorAll('#files a').length") > 3, "few files of the report")
        self.picture(page, "desktop-done")
        address = page.run("document.querySelector('#report-page a').href")
        for name, url in [("served", address), ("file", f"file://{self.folder}/results/small/report.html")]:
            report = self.browser.page()
            report.resize(1280, 900)
            report.open(url)
            self.expect(report.run("document.querySelector('h1').textContent") == "small", f"{name}: the report's name")
            self.expect_none(checks.all_checks(report), f"report, {name}")
            report.resize(360, 740, 2)
            self.expect_none(checks.width(report), f"report on a phone, {name}")
            self.picture(report, f"report-phone-{name}")
            report.media("print")
            self.expect(not report.run("document.querySelector('nav').checkVisibility()"), "the report's links on paper")
            self.expect_none(report.run(checks.CONTRAST), f"report on paper, {name}")
            self.expect_none(report.complaints(), f"report, {name}: the console")

    def is_lost(self, page):
        """a server that has ended"""
        self.server.send_signal(signal.SIGINT)
        self.expect(self.server.wait(timeout=20) == 130, f"the server ended with {self.server.returncode}")
        page.wait("document.querySelector('#link').classList.contains('lost')", "the loss to be said")
        self.expect(page.run("document.querySelector('#said').textContent").startswith("connection lost"), "nobody is told")
        self.picture(page, "desktop-lost", whole=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graft", default=".build/release/graft")
    parser.add_argument("--worker", default=".build/release/graft-hollow-worker")
    options = parser.parse_args()
    begin = time.monotonic()
    scenario = Scenario(os.path.abspath(options.graft), os.path.abspath(options.worker))
    try:
        scenario.all()
    except (BrowserError, subprocess.TimeoutExpired) as error:
        scenario.problems.append(str(error))
        print(f"  failed: {error}", flush=True)
    finally:
        scenario.close()
    print(f"browser: {scenario.done} checks, {len(scenario.problems)} failed, in {time.monotonic() - begin:.0f} s")
    sys.exit(1 if scenario.problems else 0)


if __name__ == "__main__":
    main()
