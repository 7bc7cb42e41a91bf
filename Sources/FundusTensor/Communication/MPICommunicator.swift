#if MPI
  import CMPI
  import Foundation

  /// The ranks of an MPI job (`mpirun`, `srun`).
  ///
  /// MPI's default error handler stays in place: when a rank fails, the launcher terminates the others.
  public final class MPICommunicator: Communicator, @unchecked Sendable {
    public let rank: Int
    public let size: Int
    private let world = cmpi_world()

    /// Joins the job. Call once per process, before any other thread uses MPI.
    public init() {
      var provided: Int32 = 0
      // Only the training thread talks to MPI.
      guard MPI_Init_thread(nil, nil, Int32(MPI_THREAD_FUNNELED), &provided) == MPI_SUCCESS else {
        fatalError("MPI could not be started")
      }
      var (rank, size): (Int32, Int32) = (0, 0)
      MPI_Comm_rank(world, &rank)
      MPI_Comm_size(world, &size)
      self.rank = Int(rank)
      self.size = Int(size)
    }

    /// Whether the process was started by an MPI launcher.
    public static var isLaunched: Bool {
      let environment = ProcessInfo.processInfo.environment
      return ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"].contains { environment[$0] != nil }
    }

    private final class Request: CommunicationRequest {
      private var handle: MPI_Request?
      /// Keeps the memory alive while MPI works on it.
      private let tensor: Tensor

      init(handle: MPI_Request?, tensor: Tensor) {
        self.handle = handle
        self.tensor = tensor
      }

      func wait() -> Tensor {
        _ = cmpi_wait(&handle)
        return tensor
      }
    }

    public func startSum(_ tensor: Tensor) -> any CommunicationRequest {
      var request: MPI_Request?
      let tensor = tensor.copy()
      // MPI_IN_PLACE is (void *)1 in Open MPI.
      let inPlace = UnsafeRawPointer(bitPattern: 1)
      MPI_Iallreduce(
        inPlace, tensor.mutablePointer, Int32(tensor.count), cmpi_float(), cmpi_sum(), world,
        &request)
      return Request(handle: request, tensor: tensor)
    }

    public func gather(_ tensor: Tensor) -> Tensor {
      var shape = tensor.shape
      shape[0] *= size
      let result = Tensor(uninitialized: shape)
      MPI_Allgather(
        tensor.pointer, Int32(tensor.count), cmpi_float(), result.mutablePointer,
        Int32(tensor.count), cmpi_float(), world)
      return result
    }

    public func maximum(_ value: Float) -> Float {
      var (value, result) = (value, Float(0))
      MPI_Allreduce(&value, &result, 1, cmpi_float(), cmpi_max(), world)
      return result
    }

    public func broadcast(_ tensor: Tensor) -> Tensor {
      let result = tensor.copy()
      // A count is 32 bits wide; large tensors go in pieces.
      let piece = 1 << 28
      for start in stride(from: 0, to: result.count, by: piece) {
        MPI_Bcast(
          result.mutablePointer + start, Int32(min(piece, result.count - start)), cmpi_float(), 0,
          world)
      }
      return result
    }

    public func barrier() { MPI_Barrier(world) }

    public func abort(_ message: String) -> Never {
      FileHandle.standardError.write(Data("rank \(rank): \(message)\n".utf8))
      MPI_Abort(world, 1)
      exit(1)
    }

    /// Finalizes MPI. Must be called on all ranks.
    public func finish() { MPI_Finalize() }
  }
#endif
