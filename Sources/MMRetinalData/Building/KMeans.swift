/// K-means clustering: Lloyd's iterations from k-means++ starts (Arthur and Vassilvitskii, 2007), the best
/// of several restarts.
public struct KMeans: Sendable {
  /// The center of each cluster.
  public let centers: [[Float]]
  /// The cluster of each point.
  public let labels: [Int]
  /// The sum of squared distances of points to their centers.
  public let inertia: Double

  /// Clusters points of one length.
  /// - Parameters:
  ///   - points: at least `clusters` of them.
  ///   - clusters: the number of clusters.
  ///   - restarts: the number of restarts; the result with the lowest inertia is kept.
  ///   - iterations: at the most, for each start.
  ///   - seed: the same seed gives the same clusters.
  public init(
    _ points: [[Float]], clusters: Int, restarts: Int = 10, iterations: Int = 300, seed: UInt64 = 0
  ) {
    precondition(clusters > 0 && points.count >= clusters, "\(points.count) points in \(clusters)")
    var best: KMeans?
    for restart in 0..<restarts {
      var random = RandomStream(seed: seed).derived("k-means").derived(UInt64(restart))
      let result = KMeans(points, start: Self.start(points, clusters, &random), iterations)
      if result.inertia < best?.inertia ?? .infinity { best = result }
    }
    self = best!
  }

  private init(_ points: [[Float]], start: [[Float]], _ iterations: Int) {
    var centers = start
    var labels = [Int](repeating: -1, count: points.count)
    for _ in 0..<iterations {
      let next = points.map { Self.nearest($0, centers).index }
      if next == labels { break }
      labels = next
      for cluster in centers.indices {
        let members = points.indices.filter { labels[$0] == cluster }
        // A cluster that lost all its points keeps its center.
        if members.isEmpty { continue }
        var sum = [Double](repeating: 0, count: centers[cluster].count)
        for member in members {
          for axis in sum.indices { sum[axis] += Double(points[member][axis]) }
        }
        centers[cluster] = sum.map { Float($0 / Double(members.count)) }
      }
    }
    self.centers = centers
    self.labels = labels
    inertia = points.reduce(0) { $0 + Double(Self.nearest($1, centers).distance) }
  }

  /// Centers drawn in proportion to the squared distance from those drawn before.
  private static func start(_ points: [[Float]], _ clusters: Int, _ random: inout RandomStream)
    -> [[Float]]
  {
    var centers = [points[random.index(below: points.count)]]
    while centers.count < clusters {
      let weights = points.map { Double(nearest($0, centers).distance) }
      let total = weights.reduce(0, +)
      guard total > 0 else {
        centers.append(points[random.index(below: points.count)])
        continue
      }
      var rest = Double(random.uniform()) * total
      let chosen = weights.firstIndex { weight in
        rest -= weight
        return rest < 0
      }
      centers.append(points[chosen ?? weights.lastIndex { $0 > 0 }!])
    }
    return centers
  }

  private static func nearest(_ point: [Float], _ centers: [[Float]]) -> (
    index: Int, distance: Float
  ) {
    var best = (index: 0, distance: Float.infinity)
    for (index, center) in centers.enumerated() {
      let distance = squaredDistance(point, center)
      if distance < best.distance { best = (index, distance) }
    }
    return best
  }

  static func squaredDistance(_ a: [Float], _ b: [Float]) -> Float {
    precondition(a.count == b.count)
    var sum: Float = 0
    for index in a.indices { sum += (a[index] - b[index]) * (a[index] - b[index]) }
    return sum
  }
}
