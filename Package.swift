// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "KeepFIT",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "FundusTensor", targets: ["FundusTensor"]),
    .library(name: "FundusModels", targets: ["FundusModels"]),
    .library(name: "MMRetinalData", targets: ["MMRetinalData"]),
    .library(name: "FundusSynthesis", targets: ["FundusSynthesis"]),
    .library(name: "ReportPages", targets: ["ReportPages"]),
    .library(name: "KeepFIT", targets: ["KeepFIT"]),
    .executable(name: "keepfit", targets: ["keepfit-cli"]),
  ],
  traits: [
    .trait(
      name: "MPI",
      description: "Training on several machines with Open MPI (libopenmpi-dev, open-mpi)"),
    .trait(
      name: "DICOM",
      description: "Reading DICOM images (libcharls-dev and libopenjp2-7-dev; charls and openjpeg)"),
    .trait(
      name: "Serve",
      description:
        "keepfit serve, a local page and JSON interface (libmicrohttpd-dev, libmicrohttpd)"),
  ],
  targets: [
    // C libraries, one module map each.
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "CLAPACKE", pkgConfig: "lapacke",
      providers: [.apt(["liblapacke-dev"]), .brew(["lapack"])]),
    .systemLibrary(
      name: "CTurboJPEG", pkgConfig: "libturbojpeg",
      providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"]), .brew(["libtiff"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"]), .brew(["open-mpi"])]),
    .systemLibrary(
      name: "CMicroHTTPD", pkgConfig: "libmicrohttpd",
      providers: [.apt(["libmicrohttpd-dev"]), .brew(["libmicrohttpd"])]),

    .systemLibrary(
      name: "CCharLS", pkgConfig: "charls",
      providers: [.apt(["libcharls-dev"]), .brew(["charls"])]),
    .systemLibrary(
      name: "COpenJPEG", pkgConfig: "libopenjp2",
      providers: [.apt(["libopenjp2-7-dev"]), .brew(["openjpeg"])]),

    // libpng and libtiff behind plain functions: their errors jump, which Swift frames must not see.
    .target(name: "CImageCodecs", dependencies: ["CPNG", "CTIFF"]),

    // JPEG-LS and JPEG 2000 behind plain functions; empty without the trait.
    .target(
      name: "CDICOMCodecs",
      dependencies: [
        .target(name: "CCharLS", condition: .when(traits: ["DICOM"])),
        .target(name: "COpenJPEG", condition: .when(traits: ["DICOM"])),
      ],
      cSettings: [.define("KEEPFIT_DICOM", .when(traits: ["DICOM"]))]),

    // libmicrohttpd behind a queue of whole requests; empty without the trait Serve.
    .target(
      name: "CHTTPServer",
      dependencies: [.target(name: "CMicroHTTPD", condition: .when(traits: ["Serve"]))],
      cSettings: [.define("KEEPFIT_SERVE", .when(traits: ["Serve"]))]),

    // The kernels that a compiler must see to emit AVX-512, AVX2 or NEON.
    .target(name: "CFundusKernels", cSettings: [.define("NDEBUG")]),

    .target(
      name: "FundusTensor",
      dependencies: [
        "CFundusKernels", "COpenBLAS", "CLAPACKE",
        .target(name: "CMPI", condition: .when(traits: ["MPI"])),
      ]),
    .target(name: "FundusModels", dependencies: ["FundusTensor"]),
    .target(
      name: "MMRetinalData",
      dependencies: [
        "FundusTensor", "CTurboJPEG", "CImageCodecs", "CZlib",
        .target(name: "CDICOMCodecs", condition: .when(traits: ["DICOM"])),
      ],
      resources: [
        .embedInCode("Resources/knowledge.json"), .embedInCode("Resources/modality.json"),
        .embedInCode("Resources/review.html"),
      ]),
    // Synthetic fundus images; knows nothing of models.
    .target(name: "FundusSynthesis", dependencies: ["MMRetinalData"]),
    // HTML pages and SVG plots; knows nothing of images or models.
    .target(name: "ReportPages"),
    .target(
      name: "KeepFIT",
      dependencies: [
        "FundusTensor", "FundusModels", "MMRetinalData", "FundusSynthesis", "ReportPages",
      ],
      resources: [
        .embedInCode("Resources/vocabulary.txt"),
        .embedInCode("Resources/angiography-findings.json"),
        .embedInCode("Resources/serve.html"),
      ]),
    .executableTarget(
      name: "keepfit-cli",
      dependencies: [
        "KeepFIT", "FundusSynthesis",
        .target(name: "CHTTPServer", condition: .when(traits: ["Serve"])),
      ]),

    .testTarget(
      name: "FundusTensorTests", dependencies: ["CFundusKernels", "FundusTensor", "TestSupport"],
      resources: [.copy("Goldens")]),
    .testTarget(
      name: "FundusModelsTests", dependencies: ["FundusModels", "TestSupport"],
      resources: [.copy("Goldens")]),
    .testTarget(
      name: "MMRetinalDataTests", dependencies: ["MMRetinalData", "TestSupport"],
      resources: [.copy("Goldens")]),
    .testTarget(
      name: "FundusSynthesisTests", dependencies: ["FundusSynthesis", "ModalityMix", "TestSupport"]),
    .testTarget(
      name: "KeepFITTests",
      dependencies: ["KeepFIT", "FundusSynthesis", "TestSupport", "ThreadHarness"],
      resources: [.copy("Goldens")]),
    .target(name: "TestSupport", dependencies: ["FundusTensor"], path: "Tests/TestSupport"),
    // Images of known modality as books print them; `keepfit-modality` trains the modality classifier on them.
    .target(
      name: "ModalityMix", dependencies: ["MMRetinalData", "FundusSynthesis"],
      path: "Tests/ModalityMix"),
    .executableTarget(
      name: "keepfit-modality", dependencies: ["ModalityMix"], path: "Tests/ModalityTraining"),
    // Damaged files for every reader: a short run in the tests, a long one as `keepfit-fuzz`.
    .target(name: "FuzzHarness", dependencies: ["KeepFIT"], path: "Tests/FuzzHarness"),
    .executableTarget(name: "keepfit-fuzz", dependencies: ["FuzzHarness"], path: "Tests/Fuzz"),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzHarness"]),
    // Many threads with one model: a short run in the tests, and `keepfit-threads` for the sanitizer.
    .target(
      name: "ThreadHarness", dependencies: ["KeepFIT", "FundusSynthesis"],
      path: "Tests/ThreadHarness"),
    .executableTarget(
      name: "keepfit-threads", dependencies: ["KeepFIT", "ThreadHarness"], path: "Tests/Threads",
      exclude: ["sanitizer.supp"]),
    .testTarget(
      name: "KeepFITCommandTests", dependencies: ["KeepFIT", "FundusSynthesis", "keepfit-cli"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu11
)
