import Testing

@Test func commandExists() {}
