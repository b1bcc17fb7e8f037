"""Writes events.json beside this file: the bytes of an event file, as TensorBoard's own messages and record writer make
them, in hexadecimal.

Needs tensorboard:  python make-events-fixture.py
"""

import io
import json
import pathlib

import tensorboard
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

# The test's clock gives 1000.5 and counts on by a quarter.
events = [
    Event(wall_time=1000.5, file_version="brain.Event:2"),
    Event(wall_time=1000.75, step=301, session_log=SessionLog(status=SessionLog.START)),
    Event(
        wall_time=1001.0, step=301,
        summary=Summary(value=[
            Summary.Value(tag="training/loss", simple_value=0.6931472),
            Summary.Value(tag="training/lr", simple_value=0.0),
        ])),
    Event(
        wall_time=1001.25, step=1_000_000_007,
        summary=Summary(value=[
            Summary.Value(tag="validation/" + "long " * 30, simple_value=float("nan")),
            Summary.Value(tag="validation/\u00fc", simple_value=-1e-30),
        ])),
]
file = io.BytesIO()
writer = RecordWriter(file)
for event in events:
    writer.write(event.SerializeToString(deterministic=True))
content = {"tensorboard": tensorboard.__version__, "bytes": file.getvalue().hex()}
(pathlib.Path(__file__).parent / "events.json").write_text(json.dumps(content, indent=1) + "\n")
