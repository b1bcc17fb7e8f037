internal import COpenSSL

/// A SHA-256 under way (FIPS 180-4), computed by the system's libcrypto, which uses the processor's own instructions
/// for it where there are any. One owner, one thread.
public final class SHA256 {
  private let context: OpaquePointer

  /// libcrypto gives up what it holds when a process ends, under the hands of threads that still compute: it is told not to.
  private static let staysToTheEnd = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)

  public init() {
    _ = Self.staysToTheEnd
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      // It fails for want of a few hundred bytes, or where an administrator forbade SHA-256: there is no going on.
      fatalError("libcrypto gives no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  public func update(_ bytes: UnsafeRawBufferPointer) {
    precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "a digest already finished")
  }

  public func update(_ bytes: some Collection<UInt8>) {
    let wasContiguous: Void? = bytes.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
    if wasContiguous == nil { Array(bytes).withUnsafeBytes { update($0) } }
  }

  /// The digest of these bytes by themselves, written to 32 bytes; what was given before is forgotten, and the next digest
  /// may follow. Saves making a new one for each of many short texts.
  public func digest(of bytes: UnsafeRawBufferPointer, into digest: UnsafeMutableRawBufferPointer) {
    precondition(digest.count == SHA256Digest.count, "room for a SHA-256 of \(digest.count) bytes")
    guard EVP_DigestInit_ex(context, nil, nil) == 1, EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1,
      EVP_DigestFinal_ex(context, digest.bindMemory(to: UInt8.self).baseAddress, nil) == 1
    else { fatalError("libcrypto gives no SHA-256") }
  }

  /// The digest of all that was given. Nothing can be given after that.
  public func finish() -> SHA256Digest {
    let bytes = [UInt8](unsafeUninitializedCapacity: SHA256Digest.count) { buffer, count in
      precondition(EVP_DigestFinal_ex(context, buffer.baseAddress, nil) == 1, "a digest already finished")
      count = SHA256Digest.count
    }
    return SHA256Digest(bytes)
  }

  /// The digest of these bytes.
  public static func digest(of bytes: some Collection<UInt8>) -> SHA256Digest {
    let hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }
}
