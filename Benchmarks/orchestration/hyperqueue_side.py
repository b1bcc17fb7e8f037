"""HyperQueue's side, by its Python API: a server and a worker of two cores, started and stopped with each measurement.

Its tasks are programs, so that a process is started for each; their output is not written anywhere. It has no memory of
what an earlier submission did, so that it takes part in what is planned and what is run, not in what is run again.
"""

import importlib.metadata

from measure import measured

VERSION = importlib.metadata.version("hyperqueue")

SCRIPT = """
import sys

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

what, count = sys.argv[1], int(sys.argv[2])
job = Job()


def task(*needed):
    return job.program(["true"], stdout=None, stderr=None, deps=needed)


if what == "noop":
    for _ in range(count):
        task()
else:
    shared = [task() for _ in range(5)]
    for _ in range(count):
        trained = task(*shared)
        for _ in range(3):
            task(trained)
with LocalCluster() as cluster:
    if what == "noop":
        cluster.start_worker(WorkerConfig(cores=2))
    client = cluster.client()
    submitted = client.submit(job)
    if what == "noop":
        client.wait_for_jobs([submitted])
"""


class HyperQueue:
    name = "HyperQueue"

    def __init__(self, programs, folder):
        self.program, self.folder = programs / "python", folder
        folder.mkdir(parents=True, exist_ok=True)

    def command(self, what, count, limit=None):
        (self.folder / "script.py").write_text(SCRIPT)
        return measured(
            [self.program, "script.py", what, count], folder=self.folder, log=self.folder / "output.txt", limit=limit)

    def plan(self, cells, limit=None):
        """Builds the graph and submits it to a server that has no worker."""
        return self.command("plan", cells, limit)

    def noop(self, count, limit=None):
        return self.command("noop", count, limit)


class Xargs:
    """The floor of what starting a process costs; it knows no graph and remembers nothing."""

    name = "xargs"

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def noop(self, count, limit=None):
        return measured(
            ["sh", "-c", f"seq {count} | xargs -P2 -n1 true"], folder=self.folder, log=self.folder / "output.txt", limit=limit)
