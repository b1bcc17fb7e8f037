import GRDB

/// The tables of `state.sqlite` and how an older file is brought up to date. The version is SQLite's `user_version`, so that
/// opening costs one look at the header.
enum Schema {
  /// Moves with each migration.
  static var version: Int { migrations.count }

  private static let migrations: [String] = [
    firstTables, neighbours, failureClasses, narrowStages, acceptances, summaries,
    attemptNumbers, importedResults,
  ]

  /// Brings a database from any earlier version to this one, in one transaction.
  static func migrate(_ database: Database, path: String) throws {
    let found = try currentVersion(database)
    guard found <= version else { throw WorkspaceError.newerSchema(path: path, version: found, known: version) }
    guard found < version else { return }
    // A table that is put in the place of another must not take along the rows that refer to it. SQLite switches this only
    // outside of a transaction.
    try database.execute(sql: "PRAGMA foreign_keys = OFF")
    defer { try? database.execute(sql: "PRAGMA foreign_keys = ON") }
    try database.inTransaction(.immediate) {
      for migration in migrations[found...] { try database.execute(sql: migration) }
      try database.checkForeignKeys()
      try database.execute(sql: "PRAGMA user_version = \(version)")
      return .commit
    }
  }

  static func currentVersion(_ database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
  }

  // Keys and digests are 32 bytes. Times are milliseconds since 1970. NULL in a measured number means NaN, which SQLite
  // cannot hold.
  private static let firstTables = """
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
      validation_metric REAL,
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
    """

  // Here NULL means not measured, too: a vote that gives no number is not told from one that was not asked for.
  private static let neighbours = """
    ALTER TABLE history ADD COLUMN validation_knn REAL;
    """

  // SQLite changes no CHECK, so the table is made anew. The clock of an older attempt may have been set back in its course.
  private static let failureClasses = """
    CREATE TABLE new_attempt (
      number INTEGER PRIMARY KEY,
      stage INTEGER NOT NULL REFERENCES stage ON DELETE CASCADE,
      state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'stopped')),
      failure_class TEXT CHECK (failure_class IN
        ('data', 'spec', 'machine', 'disk', 'crash', 'memory', 'lost', 'time', 'hung')),
      message TEXT,
      remedy TEXT,
      worker INTEGER REFERENCES worker,
      threads INTEGER NOT NULL CHECK (threads > 0),
      device TEXT NOT NULL,
      started INTEGER NOT NULL,
      finished INTEGER,
      seconds REAL CHECK (seconds >= 0),
      cpu_seconds REAL,
      peak_memory INTEGER,
      peak_device_memory INTEGER,
      CHECK ((state = 'failed') = (failure_class IS NOT NULL)),
      CHECK ((state = 'running') = (finished IS NULL)),
      CHECK (finished >= started)
    ) STRICT;
    INSERT INTO new_attempt (number, stage, state, failure_class, message, remedy, worker, threads, device, started,
        finished, seconds, cpu_seconds, peak_memory)
      SELECT number, stage, state, failure_class, message, remedy, worker, threads, device, started,
        max(started, finished), max(0, seconds), cpu_seconds, peak_memory FROM attempt;
    DROP TABLE attempt;
    ALTER TABLE new_attempt RENAME TO attempt;
    CREATE INDEX attempt_of_stage ON attempt (stage, number);
    CREATE INDEX attempt_running ON attempt (number) WHERE state = 'running';
    """

  // What is asked of every stage of a plan at once (its key, how it stands) lies close together; what is asked of few lies
  // apart. Parameters that many stages share (how they train) are kept once. `standing`: 0 never begun, 1 running, 2 done,
  // 3 done with an artifact, 4 failed, 5 stopped; it follows from the tables `attempt` and `result`.
  private static let narrowStages = """
    CREATE TABLE shared_parameters (
      id INTEGER PRIMARY KEY,
      digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
      members TEXT NOT NULL
    ) STRICT;

    CREATE TABLE stage_text (
      stage INTEGER PRIMARY KEY REFERENCES stage ON DELETE CASCADE,
      label TEXT NOT NULL,
      parameters TEXT NOT NULL,
      shared INTEGER REFERENCES shared_parameters
    ) STRICT;
    INSERT INTO stage_text (stage, label, parameters) SELECT id, label, parameters FROM stage;
    ALTER TABLE stage DROP COLUMN label;
    ALTER TABLE stage DROP COLUMN parameters;
    ALTER TABLE stage ADD COLUMN standing INTEGER NOT NULL DEFAULT 0 CHECK (standing BETWEEN 0 AND 5);
    UPDATE stage SET standing = coalesce(
      (SELECT 2 + has_artifact FROM result WHERE stage = stage.id),
      (SELECT CASE state WHEN 'running' THEN 1 WHEN 'failed' THEN 4 WHEN 'stopped' THEN 5 ELSE 0 END
        FROM attempt WHERE stage = stage.id ORDER BY number DESC LIMIT 1),
      0);
    CREATE INDEX stage_running ON stage (id) WHERE standing = 1;
    """

  // `result.version`: of the code that computed it; of what older programs wrote, the key's.
  private static let acceptances = """
    CREATE TABLE acceptance (
      kind TEXT NOT NULL,
      from_version INTEGER NOT NULL,
      to_version INTEGER NOT NULL CHECK (to_version > from_version),
      by TEXT NOT NULL,
      note TEXT NOT NULL,
      recorded INTEGER NOT NULL,
      PRIMARY KEY (kind, to_version)
    ) STRICT, WITHOUT ROWID;

    ALTER TABLE result ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
    UPDATE result SET version = (SELECT version FROM stage WHERE id = result.stage);
    """

  // `generation` counts the transactions that changed anything; a summary is true as long as it is the one at which it was made.
  private static let summaries = """
    CREATE TABLE generation (
      id INTEGER PRIMARY KEY CHECK (id = 0),
      number INTEGER NOT NULL
    ) STRICT;
    INSERT INTO generation VALUES (0, 0);

    CREATE TABLE summary (
      name TEXT PRIMARY KEY,
      key TEXT NOT NULL,
      counts TEXT NOT NULL CHECK (json_valid(counts)),
      generation INTEGER NOT NULL
    ) STRICT;
    """

  // No attempt of a higher number was begun, whether or not it was recorded.
  private static let attemptNumbers = """
    ALTER TABLE generation ADD COLUMN reserved_attempts INTEGER NOT NULL DEFAULT 0;
    """

  private static let importedResults = """
    CREATE TABLE imported (
      study TEXT NOT NULL,
      source TEXT NOT NULL,
      place INTEGER NOT NULL,
      dataset TEXT NOT NULL,
      backbone TEXT NOT NULL,
      fraction REAL NOT NULL,
      initialisation TEXT NOT NULL,
      seed INTEGER NOT NULL,
      metric TEXT NOT NULL,
      value REAL NOT NULL,
      file TEXT NOT NULL,
      recorded INTEGER NOT NULL,
      PRIMARY KEY (study, source, place)
    ) STRICT, WITHOUT ROWID;
    """
}
