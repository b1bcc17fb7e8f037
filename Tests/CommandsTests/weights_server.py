"""A web server for the tests of `graft fetch`: serves the files of the folder that it is started with, and prints its port. It ends when its standard input does.

/plain/NAME  whole, or from where the Range header says
/cut/NAME    the same, but the connection ends after a third of the file
/deaf/NAME   whole, whatever the Range header says
/slow/NAME   its first half, then nothing for a minute
Every request is written to requests.txt in that folder: the path and the Range header.
"""

import http.server
import pathlib
import sys
import threading
import time

folder = pathlib.Path(sys.argv[1])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        _, manner, name = self.path.split("/", 2)
        wanted = self.headers.get("Range")
        with open(folder / "requests.txt", "a") as requests:
            requests.write(f"{self.path} {wanted or 'whole'}\n")
        file = folder / name
        if "/" in name or not file.is_file():
            self.send_error(404)
            return
        content = file.read_bytes()
        first = 0
        if wanted and manner != "deaf":
            first = int(wanted.removeprefix("bytes=").split("-")[0])
            if first >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        if manner == "slow":
            self.wfile.write(content[: len(content) // 2])
            time.sleep(60)
            return
        end = first + len(content) // 3 + 1 if manner == "cut" else len(content)
        self.wfile.write(content[first:end])

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
