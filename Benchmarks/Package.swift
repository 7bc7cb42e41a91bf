// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who depends on the libraries pays for it.
let package = Package(
  name: "KeepFITBenchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "KeepFIT", path: "..")],
  targets: [
    .executableTarget(
      name: "benchmark-figures", dependencies: [.product(name: "KeepFIT", package: "KeepFIT")]),
    .executableTarget(
      name: "benchmark-objectives",
      dependencies: [
        .product(name: "KeepFIT", package: "KeepFIT"),
        .product(name: "FundusSynthesis", package: "KeepFIT"),
      ]),
    .executableTarget(
      name: "benchmark-transfer", dependencies: [.product(name: "KeepFIT", package: "KeepFIT")]),
  ],
  swiftLanguageModes: [.v6]
)
