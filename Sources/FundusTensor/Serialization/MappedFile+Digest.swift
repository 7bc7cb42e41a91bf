extension MappedFile {
  /// 64 hexadecimal digits that tell the content from others, at the speed of memory; not for secrets.
  package var digest: String { hexadecimal(digestWords(base, count)) }
}
