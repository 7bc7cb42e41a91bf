import Foundation
import FundusModels
import Testing

@Suite struct WordPieceTokenizerTests {
  struct Case: Decodable {
    let text: String
    let lowercases: Bool
    let maximum: Int
    let ids: [Int32]
  }

  struct Golden: Decodable {
    struct Batch: Decodable {
      let texts: [String]
      let ids: [[Int32]]
      let mask: [[Int32]]
    }
    let cases: [Case]
    let batch: Batch
  }

  static func golden(_ name: String) throws -> URL {
    try #require(Bundle.module.resourceURL).appending(path: "Goldens/\(name)")
  }

  static func tokenizer(lowercases: Bool = true) throws -> WordPieceTokenizer {
    try WordPieceTokenizer(vocabularyAt: golden("vocabulary.txt"), lowercases: lowercases)
  }

  func check(_ cases: [Case]) throws {
    #expect(!cases.isEmpty)
    let small = try Self.tokenizer(), cased = try Self.tokenizer(lowercases: false)
    for item in cases {
      let ids = (item.lowercases ? small : cased).encode(item.text, maximumLength: item.maximum)
      let scalars = item.text.unicodeScalars.map { String($0.value, radix: 16) }
      #expect(
        ids == item.ids,
        "\(item.text.debugDescription) \(scalars) lower-case \(item.lowercases)")
    }
  }

  @Test func equalsTheFastTokenizer() throws {
    let data = try Data(contentsOf: Self.golden("tokenizer.json"))
    let golden = try JSONDecoder().decode(Golden.self, from: data)
    try check(golden.cases)
    let batch = try Self.tokenizer().encode(golden.batch.texts, maximumLength: 77)
    #expect(batch.ids == golden.batch.ids.flatMap { $0 })
    #expect(batch.attentionMask == golden.batch.mask.flatMap { $0 })
    #expect(batch.count == golden.batch.texts.count)
  }

  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["KEEPFIT_TOKENIZER_CORPUS"] != nil,
      "needs a file from Scripts/goldens/tokenizer.py --random"))
  func equalsTheFastTokenizerOnAnyText() throws {
    let path = try #require(ProcessInfo.processInfo.environment["KEEPFIT_TOKENIZER_CORPUS"])
    let data = try Data(contentsOf: URL(filePath: path))
    try check(JSONDecoder().decode([Case].self, from: data))
  }

  @Test func keepsTheEndOfTruncatedTexts() throws {
    let tokenizer = try Self.tokenizer()
    let text = String(repeating: "word ", count: 500)
    for maximum in [2, 3, 77, 256] {
      let ids = tokenizer.encode(text, maximumLength: maximum)
      #expect(ids.count == maximum)
      #expect(ids.first == tokenizer.special.start && ids.last == tokenizer.special.end)
    }
    #expect(tokenizer.encode([]).count == 0)
    #expect(tokenizer.encode([""]).ids == [tokenizer.special.start, tokenizer.special.end])
  }

  @Test func tokenizesThousandsOfCaptionsASecond() throws {
    let tokenizer = try Self.tokenizer()
    let captions = (0..<5000).map {
      "Fundus photograph \($0): mild diabetic retinopathy with microaneurysms, no naïve edema."
    }
    let time = ContinuousClock().measure { _ = tokenizer.encode(captions) }
    #expect(time < .seconds(2), "\(captions.count) captions took \(time)")
  }
}

@Suite struct VocabularyTests {
  let specials = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n"

  @Test func readsLinesOfAnyEnding() throws {
    let vocabulary = try Vocabulary(bytes: Array("a\r\nb\nc".utf8))
    #expect(vocabulary.tokens == ["a", "b", "c"])
    #expect(vocabulary.id(of: "c") == 2)
    #expect(vocabulary.id(of: "d") == nil && vocabulary.id(of: "") == nil)
  }

  @Test func refusesWhatIsNoVocabulary() throws {
    func error(_ bytes: [UInt8]) -> VocabularyError? {
      #expect(throws: VocabularyError.self) {
        try WordPieceTokenizer(vocabulary: Vocabulary(bytes: bytes, source: "v"), source: "v")
      }
    }
    #expect(error([]) == .empty(source: "v"))
    #expect(error(Array("a\n\nb".utf8)) == .emptyLine(source: "v", line: 2))
    #expect(error(Array("a\n".utf8) + [0xFF, 0xFE]) == .notUTF8(source: "v", line: 2))
    #expect(
      error(Array("a\nb\na\n".utf8)) == .duplicate(source: "v", token: "a", lines: [1, 3]))
    #expect(
      error(Array("[PAD]\n[CLS]\n[SEP]\n".utf8)) == .missingToken(source: "v", token: "[UNK]"))
    let size = Vocabulary.byteLimit + 1
    #expect(
      error(Array(repeating: 65, count: size))
        == .tooLarge(source: "v", byteCount: size, limit: Vocabulary.byteLimit))
    #expect(throws: VocabularyError.unreadable(source: "/nowhere", reason: "no such file")) {
      try Vocabulary(contentsOf: URL(filePath: "/nowhere"))
    }
    let message = try #require(error(Array("a\nb\na\n".utf8))).description
    #expect(message == "vocabulary v, line 3: \"a\" is already on line 1")
  }

  /// Any bytes either make a tokenizer that answers with known ids, or a typed error with a text.
  @Test func survivesAnyBytes() throws {
    var random = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 0 ... .max, using: &random)
    var source = FuzzSource(state: seed)
    let alphabet = Array("[]PADUNKCLSEP#a\n\n\r\té日\u{0}".utf8) + [0xC3, 0xFF, 0xED, 0xA0]
    for round in 0..<5000 {
      var bytes = round % 2 == 0 ? Array(specials.utf8) : []
      for _ in 0..<Int.random(in: 0..<60, using: &source) {
        bytes.append(alphabet.randomElement(using: &source)!)
      }
      if round % 3 == 0, !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &source)] = UInt8.random(
          in: 0 ... .max, using: &source)
      }
      do {
        let tokenizer = try WordPieceTokenizer(vocabulary: Vocabulary(bytes: bytes))
        let text = String(decoding: bytes.shuffled(using: &source), as: UTF8.self)
        let ids = tokenizer.encode(text, maximumLength: 40)
        #expect(ids.count <= 40 && ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabulary.count })
      } catch let error as VocabularyError {
        #expect(!error.description.isEmpty && !error.description.contains("\n"))
      } catch {
        Issue.record("seed \(seed), round \(round): \(error)")
      }
    }
  }
}

/// A small generator whose seed can be printed (SplitMix64).
struct FuzzSource: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
