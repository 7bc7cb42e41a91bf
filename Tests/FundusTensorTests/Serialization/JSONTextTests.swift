import Foundation
import FundusTensor
import Testing

@Suite struct JSONTextTests {
  private struct Figures: Codable, Equatable {
    var name: String
    var seed: UInt64
    var undefined: Double?
    var values: [Float?]
  }

  @Test func numbersThatAreNotFiniteAreNullAndReadBack() throws {
    let figures = Figures(
      name: "a/b \"nan\"", seed: .max, undefined: .nan, values: [0.1, .infinity, -.nan, -.infinity])
    let text = try JSONText.encode(figures)
    #expect(
      text == #"{"name":"a/b \"nan\"","seed":18446744073709551615,"undefined":null,"#
        + #""values":[0.1,null,null,null]}"#)
    let read = try JSONDecoder().decode(Figures.self, from: Data(text.utf8))
    #expect(read.undefined == nil && read.values == [0.1, nil, nil, nil] && read.seed == .max)
    let pretty = try JSONText.encode(figures, pretty: true)
    #expect(try JSONDecoder().decode(Figures.self, from: Data(pretty.utf8)) == read)
  }

  @Test func valuesBuiltByHandFollowTheSameRule() throws {
    let value = JSONValue.object([
      .init("loss", .number(.nan)), .init("term", .float(0.1)), .init("rate", .double(-.infinity)),
    ])
    #expect(value.serialized() == #"{"loss":null,"term":0.1,"rate":null}"#)
    #expect(try JSONValue(parsing: Array(value.serialized().utf8))["loss"] == JSONValue.null)
  }
}
