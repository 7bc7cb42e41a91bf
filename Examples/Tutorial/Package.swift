// swift-tools-version: 6.2
import PackageDescription

// The program of Docs/tutorials/swift-developer.md.
let package = Package(
  name: "Tutorial",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "KeepFIT", path: "../..")],
  targets: [
    .executableTarget(
      name: "Tutorial",
      dependencies: [
        .product(name: "KeepFIT", package: "KeepFIT"),
        .product(name: "FundusSynthesis", package: "KeepFIT"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
