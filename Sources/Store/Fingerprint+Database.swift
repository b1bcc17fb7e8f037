import Foundation
import GRDB
import Hashing

extension FoundFile {
  init(name: String, bytes: Int64, modifiedNanoseconds: Int64, inode: Int64) {
    self.name = name
    self.bytes = bytes
    self.modifiedNanoseconds = modifiedNanoseconds
    self.inode = inode
  }
}

extension Fingerprint {
  /// All that is remembered of the files below a folder, by their names relative to it.
  static func remembered(_ database: Database, folder: String) throws -> [String: Fingerprint] {
    let cursor = try Row.fetchCursor(
      database,
      sql: """
        SELECT name, bytes, modified_ns, inode, sha256 FROM fingerprint
        WHERE folder = (SELECT id FROM fingerprint_folder WHERE path = ?)
        """, arguments: [folder])
    var found: [String: Fingerprint] = [:]
    while let row = try cursor.next() {
      let sum: Data = row[4]
      guard sum.count == SHA256Digest.count else { continue }
      let name: String = row[0]
      let file = FoundFile(name: name, bytes: row[1], modifiedNanoseconds: row[2], inode: row[3])
      found[name] = Fingerprint(file: file, digest: SHA256Digest(Array(sum)))
    }
    return found
  }

  static func remember(_ fresh: [Fingerprint], forgetting gone: [String], _ database: Database, folder: String) throws {
    try database.execute(sql: "INSERT OR IGNORE INTO fingerprint_folder (path) VALUES (?)", arguments: [folder])
    guard
      let id = try Int64.fetchOne(
        database, sql: "SELECT id FROM fingerprint_folder WHERE path = ?", arguments: [folder])
    else { return }
    let insert = try database.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO fingerprint (folder, name, bytes, modified_ns, inode, sha256) VALUES (?, ?, ?, ?, ?, ?)
        """)
    for one in fresh {
      try insert.execute(
        arguments: [
          id, one.file.name, one.file.bytes, one.file.modifiedNanoseconds, one.file.inode, Data(one.digest.bytes),
        ])
    }
    let delete = try database.cachedStatement(sql: "DELETE FROM fingerprint WHERE folder = ? AND name = ?")
    for name in gone { try delete.execute(arguments: [id, name]) }
  }
}
