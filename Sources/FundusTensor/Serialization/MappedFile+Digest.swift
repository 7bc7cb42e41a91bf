extension MappedFile {
  /// A digest of the content, 64 hexadecimal digits, computed at memory speed; not cryptographic.
  package var digest: String { hexadecimal(digestWords(base, count)) }
}
