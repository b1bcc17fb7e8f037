-- A workspace's database as version 2 left it: a failed attempt, a done one whose clock was set back, one that
-- ran; and a worker on another machine that nobody saw end.
CREATE TABLE study (
  name TEXT PRIMARY KEY,
  file TEXT NOT NULL,
  source TEXT NOT NULL,
  digest TEXT NOT NULL,
  facts TEXT NOT NULL CHECK (json_valid(facts)),
  recorded INTEGER NOT NULL
) STRICT;
CREATE TABLE stage (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE CHECK (length(key) = 32),
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  label TEXT NOT NULL,
  parameters TEXT NOT NULL
) STRICT;
CREATE TABLE stage_input (
  stage INTEGER NOT NULL REFERENCES stage ON DELETE CASCADE,
  role TEXT NOT NULL,
  input INTEGER NOT NULL REFERENCES stage ON DELETE RESTRICT,
  PRIMARY KEY (stage, role)
) STRICT, WITHOUT ROWID;
CREATE TABLE worker (
  id INTEGER PRIMARY KEY,
  pid INTEGER NOT NULL CHECK (pid > 0),
  start_ticks INTEGER NOT NULL,
  boot TEXT NOT NULL,
  host TEXT NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER
) STRICT;
CREATE INDEX worker_alive ON worker (id) WHERE ended IS NULL;
CREATE TABLE attempt (
  number INTEGER PRIMARY KEY,
  stage INTEGER NOT NULL REFERENCES stage ON DELETE CASCADE,
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'stopped')),
  failure_class TEXT
    CHECK (failure_class IN ('data', 'spec', 'machine', 'crash', 'memory', 'lost')),
  message TEXT,
  remedy TEXT,
  worker INTEGER REFERENCES worker,
  threads INTEGER NOT NULL CHECK (threads > 0),
  device TEXT NOT NULL,
  started INTEGER NOT NULL,
  finished INTEGER,
  seconds REAL,
  cpu_seconds REAL,
  peak_memory INTEGER,
  CHECK ((state = 'failed') = (failure_class IS NOT NULL)),
  CHECK ((state = 'running') = (finished IS NULL))
) STRICT;
CREATE INDEX attempt_of_stage ON attempt (stage, number);
CREATE INDEX attempt_running ON attempt (number) WHERE state = 'running';
CREATE TABLE progress (
  attempt INTEGER PRIMARY KEY REFERENCES attempt ON DELETE CASCADE,
  fraction REAL NOT NULL,
  position TEXT NOT NULL,
  loss REAL,
  metric_name TEXT,
  metric REAL,
  updated INTEGER NOT NULL
) STRICT;
CREATE TABLE result (
  stage INTEGER PRIMARY KEY REFERENCES stage ON DELETE CASCADE,
  attempt INTEGER REFERENCES attempt ON DELETE SET NULL,
  diverged INTEGER NOT NULL CHECK (diverged IN (0, 1)),
  has_artifact INTEGER NOT NULL CHECK (has_artifact IN (0, 1)),
  facts TEXT NOT NULL CHECK (json_valid(facts)),
  recorded INTEGER NOT NULL
) STRICT;
CREATE INDEX result_of_attempt ON result (attempt) WHERE attempt IS NOT NULL;
CREATE TABLE metric (
  stage INTEGER NOT NULL REFERENCES result ON DELETE CASCADE,
  place INTEGER NOT NULL,
  split TEXT NOT NULL,
  name TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (stage, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE history (
  stage INTEGER NOT NULL REFERENCES result ON DELETE CASCADE,
  place INTEGER NOT NULL,
  step INTEGER NOT NULL,
  epoch REAL,
  learning_rate REAL,
  training_loss REAL,
  validation_loss REAL,
  validation_metric REAL, validation_knn REAL,
  PRIMARY KEY (stage, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE artifact_file (
  stage INTEGER NOT NULL REFERENCES result ON DELETE CASCADE,
  name TEXT NOT NULL,
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  PRIMARY KEY (stage, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE fingerprint_folder (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE fingerprint (
  folder INTEGER NOT NULL REFERENCES fingerprint_folder ON DELETE CASCADE,
  name TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  PRIMARY KEY (folder, name)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
