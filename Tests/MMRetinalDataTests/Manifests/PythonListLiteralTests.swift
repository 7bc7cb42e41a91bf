import MMRetinalData
import Testing

@Suite struct PythonListLiteralTests {
  @Test(arguments: [
    ("[]", []),
    (" [ ] ", []),
    ("['a']", ["a"]),
    ("['a', \"b\",]", ["a", "b"]),
    (#"["crohn's disease", 'say "x"']"#, ["crohn's disease", "say \"x\""]),
    (#"['it\'s', "\"q\""]"#, ["it's", "\"q\""]),
    (#"['\x41\u00e9\U0001F441\101\0']"#, ["Aé👁A\0"]),
    (#"['\ud83d\udc41']"#, ["👁"]),
    (#"['a\n\t\r\\b']"#, ["a\n\t\r\\b"]),
    (#"['\q\d']"#, ["\\q\\d"]),
    ("['a' 'b' \"c\", 'd']", ["abc", "d"]),
    ("[u'a', r'\\n', U\"b\"]", ["a", "\\n", "b"]),
    ("['']", [""]),
    ("['眼底彩照', 'μ°']", ["眼底彩照", "μ°"]),
    ("[\n 'a',\n 'b'\n]", ["a", "b"]),
    ("['one\\\ntwo']", ["onetwo"]),
  ])
  func parses(_ text: String, _ expected: [String]) throws {
    #expect(try PythonListLiteral.parse(text) == expected)
  }

  @Test(arguments: [
    "", "nan", "normal", "'a'", "['a'", "['a", "['a]", "[a]", "[1]", "[None]", "['a' + 'b']",
    "['a']*9999999", "[f'x']", "[b'x']", "('a',)", "{'a'}", "[['a']]", "['a'],", "['a'] #",
    "['a';'b']",
    "[,]", "['a',,'b']", "__import__('os').system('x')", #"['\x4']"#, #"['\uD800']"#,
    #"['\U00110000']"#,
    #"['\N{BULLET}']"#, "['a\nb']", "['a\\", "[u]", "['\u{FF}' \u{A0}]",
  ])
  func refuses(_ text: String) {
    #expect(throws: PythonListLiteral.ParseError.self) { try PythonListLiteral.parse(text) }
  }

  @Test func tellsWhereAndWhat() {
    #expect {
      try PythonListLiteral.parse("['a', 7]")
    } throws: { error in
      "\(error)" == "expected a string in quotes, found '7]' (character 7 of the list)"
    }
  }

  @Test func writesWhatItReads() throws {
    var random = RandomStream(seed: 3)
    let alphabet = [
      "'", "\"", "\\", "\n", "\r", "\t", "a", "n", "é", "👁", "\0", "\u{7F}", ",", "]",
    ]
    for round in 0..<500 {
      let strings = (0..<random.index(below: 4)).map { _ in
        (0..<random.index(below: 6)).map { _ in alphabet[random.index(below: alphabet.count)] }
          .joined()
      }
      #expect(
        try PythonListLiteral.parse(PythonListLiteral.text(strings)) == strings, "round \(round)")
    }
    #expect(PythonListLiteral.text(["a", "it's"]) == #"['a', "it's"]"#)
  }
}
