import Foundation

/// Which names of the server requests may use, so that no other site in the user's browser can reach it.
///
/// A site can let its own name resolve to 127.0.0.1 (DNS rebinding); its requests then carry that name in the
/// header `Host`. Numeric addresses and `localhost` cannot be redirected like this.
public struct HostRule: Sendable {
  /// Whether the server listens on a loopback address only.
  public var isLoopback: Bool
  /// Further allowed names, without ports.
  public var names: [String]

  /// Creates a rule.
  public init(isLoopback: Bool = true, names: [String] = []) {
    self.isLoopback = isLoopback
    self.names = names
  }

  /// Whether an address is a loopback address: 127.x.x.x or ::1.
  public static func isLoopback(_ address: String) -> Bool {
    isIPv4(address) ? address.hasPrefix("127.") : isIPv6Loopback(address)
  }

  /// Whether a text is a numeric IPv4 or IPv6 address.
  public static func isNumeric(_ text: String) -> Bool { isIPv4(text) || isIPv6(text) }

  /// Refuses requests to other names, and requests that pages of other sites make.
  func check(_ request: ServiceRequest) throws(ServiceError) {
    guard let host = try request.value(of: "Host"), !host.isEmpty else {
      throw ServiceError(400, "the header Host is missing")
    }
    guard allows(Self.name(of: host)) else {
      throw ServiceError(
        403,
        "the header Host names '\(host.quotable(limit: 80))', which is not a name of this server; "
          + "use http://localhost, its numeric address, or a name allowed with --allow-host")
    }
    if let origin = try request.value(of: "Origin") {
      let own = ["http://\(host)", "https://\(host)"].map { $0.lowercased() }
      guard own.contains(origin.lowercased()) else {
        throw ServiceError(403, "requests from pages of other sites are refused")
      }
    }
    if request.path != "/", let site = try request.value(of: "Sec-Fetch-Site"),
      !["same-origin", "none"].contains(site)
    {
      throw ServiceError(403, "requests from pages of other sites are refused")
    }
  }

  /// The name in a header `Host`, without the port and the brackets of an IPv6 address.
  private static func name(of host: String) -> String {
    if host.hasPrefix("[") {
      return host.dropFirst().prefix { $0 != "]" }.lowercased()
    }
    let name = host.prefix { $0 != ":" }.lowercased()
    return name.hasSuffix(".") ? String(name.dropLast()) : name
  }

  private func allows(_ name: String) -> Bool {
    if name == "localhost" || names.contains(where: { $0.lowercased() == name }) { return true }
    guard Self.isNumeric(name) else { return false }
    return !isLoopback || Self.isLoopback(name)
  }

  private static func isIPv4(_ text: String) -> Bool {
    var address = in_addr()
    return inet_pton(AF_INET, text, &address) == 1
  }

  private static func isIPv6(_ text: String) -> Bool {
    var address = in6_addr()
    return inet_pton(AF_INET6, text, &address) == 1
  }

  private static func isIPv6Loopback(_ text: String) -> Bool {
    var address = in6_addr()
    guard inet_pton(AF_INET6, text, &address) == 1 else { return false }
    let digits = text.filter { $0 != ":" && $0 != "0" }
    return digits == "1" && text.hasSuffix("1")
  }
}
