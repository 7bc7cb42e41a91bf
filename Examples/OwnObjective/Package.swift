// swift-tools-version: 6.2
import PackageDescription

// A pretraining objective that is not part of the library.
let package = Package(
  name: "OwnObjective",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "KeepFIT", path: "../..")],
  targets: [
    .executableTarget(
      name: "OwnObjective",
      dependencies: [
        .product(name: "KeepFIT", package: "KeepFIT"),
        .product(name: "FundusSynthesis", package: "KeepFIT"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
