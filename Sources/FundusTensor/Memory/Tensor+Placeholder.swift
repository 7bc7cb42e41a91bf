import Foundation

extension Tensor {
  /// A tensor of zeros that takes no memory: its pages are the system's own page of zeros.
  ///
  /// For a parameter to be loaded from a checkpoint; making it costs nothing, however
  /// large it is. It counts as borrowed memory, so nothing ever writes to it in place.
  package static func placeholder(_ shape: [Int]) -> Tensor {
    let byteCount = max(1, Tensor.count(of: shape)) * MemoryLayout<Float>.stride
    let region = ZeroRegion(byteCount: byteCount)
    return Tensor(
      shape: shape,
      storage: Storage(borrowing: region.address, byteCount: byteCount, owner: region))
  }
}

private final class ZeroRegion {
  let address: UnsafeRawPointer
  private let byteCount: Int

  init(byteCount: Int) {
    self.byteCount = byteCount
    let flags = MAP_PRIVATE | Int32(MAP_ANONYMOUS) | Int32(MAP_NORESERVE)
    guard let block = mmap(nil, byteCount, PROT_READ, flags, -1, 0), block != MAP_FAILED else {
      fatalError("out of address space: \(byteCount) bytes were requested")
    }
    address = UnsafeRawPointer(block)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: address), byteCount) }
}
