"""What watchers cost a run: 50 viewers of `graft serve` beside a study that runs, listening as the page listens.

Measures the processor time of the server's process, as a share of one core, while nobody watches and while viewers do; with
--polling, viewers who ask every two seconds in place of listening, as a script may. The workers compute nothing, so that
stages end more than once in two seconds: a real study changes more slowly.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

STUDY = """\
study: served
axes:
  dataset: [a, b]
  backbone: [resnet_micro, vit_micro]
  fraction: [0.1, 0.25, 0.5, 1.0]
  init: [RI, ST, WT]
seeds: {seeds}
training: {{epochs: 1, batch_size: 32, image_size: 32}}
datasets:
  shapes: {{format: phantom, domain: source, images: {{train: 200, val: 40, test: 40}}, size: 40, seed: 7}}
  a: {{format: phantom, domain: grading, images: {{train: 96, val: 40, test: 40}}, size: 40, seed: 8}}
  b: {{format: phantom, domain: screening, images: {{train: 96, val: 40, test: 40}}, size: 40, seed: 9}}
weights:
  resnet_micro: {{pretrain: {{dataset: shapes, epochs: 1}}}}
  vit_micro: {{pretrain: {{dataset: shapes, epochs: 1}}}}
resources: {{jobs: 2, threads_per_job: 1}}
"""

POLL = 2.0


def processor_seconds(process):
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Listener(threading.Thread):
    """Loads the page and listens to what changes."""

    def __init__(self, port, delay, until):
        super().__init__(daemon=True)
        self.port, self.delay, self.until = port, delay, until
        self.told = self.bytes = 0
        self.failure = None

    def run(self):
        time.sleep(self.delay)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            for path in ["/", "/page.css", "/page.js", "/api/report"]:
                connection.request("GET", path)
                connection.getresponse().read()
            connection.request("GET", "/api/events?rows=init&columns=backbone")
            reply = connection.getresponse()
            assert reply.status == 200, reply.status
            while time.monotonic() < self.until:
                line = reply.readline()
                assert line, "the server has ended"
                self.told += line.startswith(b"event: ")
                self.bytes += len(line)
        except Exception as error:
            self.failure = error
        finally:
            connection.close()

    def text(self, seconds):
        return f"{self.told / seconds:.2f} events a second for each viewer, {self.bytes / max(1, self.told):.0f} bytes each"


class Asker(threading.Thread):
    """Asks for the study every two seconds, for the matrix when cells changed, for the curve of what is new."""

    def __init__(self, port, delay, until):
        super().__init__(daemon=True)
        self.port, self.delay, self.until = port, delay, until
        self.asked = self.unchanged = self.bytes = 0
        self.tags, self.seen, self.cells, self.failure = {}, set(), None, None

    def ask(self, connection, path):
        headers = {"If-None-Match": self.tags[path]} if path in self.tags else {}
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        body = reply.read()
        self.asked += 1
        self.bytes += len(body)
        if reply.status == 304:
            self.unchanged += 1
            return None
        if reply.status == 404:
            return {}
        assert reply.status == 200, (path, reply.status, body)
        self.tags[path] = reply.headers["ETag"]
        return json.loads(body)

    def run(self):
        time.sleep(self.delay)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            for path in ["/", "/page.css", "/page.js"]:
                connection.request("GET", path)
                connection.getresponse().read()
            while time.monotonic() < self.until:
                if (news := self.ask(connection, "/api/study")) is not None:
                    if news["cells_tag"] != self.cells:
                        self.cells = news["cells_tag"]
                        self.ask(connection, "/api/matrix?rows=init&columns=backbone")
                    for work in news["running"]:
                        if work["attempt"] not in self.seen:
                            self.seen.add(work["attempt"])
                            self.ask(connection, f"/api/curve?attempt={work['attempt']}")
                time.sleep(POLL)
        except Exception as error:
            self.failure = error

    def text(self, seconds):
        return (
            f"{self.asked / seconds:.2f} requests a second by each viewer, {self.unchanged / self.asked:.0%} of them unchanged,"
            f" {self.bytes / self.asked:.0f} bytes each")


def share(server, seconds):
    """The part of one core that the server used in so many seconds."""
    before, begin = processor_seconds(server), time.monotonic()
    time.sleep(seconds)
    return (processor_seconds(server) - before) / (time.monotonic() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graft", default=".build/release/graft")
    parser.add_argument("--worker", default=".build/release/graft-hollow-worker")
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--training", type=float, default=5, help="seconds that a training takes, told in 20 steps")
    parser.add_argument("--polling", action="store_true", help="viewers ask every two seconds")
    parser.add_argument("--seeds", type=int, default=20, help="48 cells each")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="graft-serve-")
    environment = os.environ | {
        "GRAFT_WORKER": os.path.abspath(options.worker), "GRAFT_HOLLOW_SECONDS": str(options.training)}
    with open(f"{folder}/study.yaml", "w") as file:
        file.write(STUDY.format(seeds=options.seeds))
    graft = os.path.abspath(options.graft)
    run = subprocess.Popen(
        [graft, "run", "study.yaml", "--quiet"], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = subprocess.Popen(
        [graft, "serve", "study.yaml", "--port", "0"], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = int(re.search(r":(\d+)/", server.stdout.readline()).group(1))
        time.sleep(2)
        alone = share(server, min(15, options.seconds))
        until = time.monotonic() + options.seconds + 4
        kind = Asker if options.polling else Listener
        viewers = [
            kind(port, POLL * place / options.viewers, until) for place in range(options.viewers)]
        for viewer in viewers:
            viewer.start()
        # The pages themselves are loaded once.
        time.sleep(POLL + 1)
        watched = share(server, options.seconds)
        assert run.poll() is None, "the run has ended before the viewers: ask for more --seeds"
        for viewer in viewers:
            viewer.join()
        failures = [viewer.failure for viewer in viewers if viewer.failure]
        assert not failures, failures[:3]
        with open(f"/proc/{server.pid}/status") as file:
            memory = int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) / 1024
        print(f"cells: {48 * options.seeds}; viewers: {options.viewers} for {options.seconds:g} s; trainings of {options.training:g} s")
        print(viewers[0].text(options.seconds))
        print(f"server, nobody watching: {alone:.2%} of one core")
        print(f"server, watched: {watched:.2%} of one core; memory at most {memory:.0f} MiB")
    finally:
        for process in [server, run]:
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGTERM)
        for process in [server, run]:
            process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
