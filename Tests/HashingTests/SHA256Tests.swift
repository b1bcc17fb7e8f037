import Hashing
import Testing

/// Against the examples that NIST publishes for FIPS 180-4.
@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func publishedExamples(text: String, digest: String) {
    #expect(SHA256.digest(of: text.utf8).hex == digest)
  }

  @Test func digitsOfBytes() {
    let bytes = (0..<256).map { UInt8($0) }
    let digits = Array("0123456789abcdef")
    for count in [0, 1, 3, 4, 5, 8, 31, 32, 256] {
      let expected = String(bytes.prefix(count).flatMap { [digits[Int($0) / 16], digits[Int($0) % 16]] })
      var text = Array("x".utf8)
      bytes.prefix(count).withUnsafeBytes { HexText.append($0, to: &text) }
      #expect(String(decoding: text, as: UTF8.self) == "x" + expected)
      #expect(HexText.text(of: bytes.prefix(count)) == expected)
    }
  }

  @Test func aMillionLettersInUnequalPieces() {
    let hash = SHA256()
    var left = 1_000_000
    var piece = 1
    while left > 0 {
      let count = min(left, piece)
      hash.update(repeatElement(UInt8(ascii: "a"), count: count))
      left -= count
      piece = piece * 3 % 10_007
    }
    #expect(hash.finish().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }
}
