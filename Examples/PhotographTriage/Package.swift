// swift-tools-version: 6.2
import PackageDescription

// KeepFIT as another project uses it. In a package of your own write `.package(url: "…", from: "…")`
// in place of the path.
let package = Package(
  name: "PhotographTriage",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "KeepFIT", path: "../..")],
  targets: [
    .executableTarget(
      name: "PhotographTriage",
      dependencies: [
        .product(name: "KeepFIT", package: "KeepFIT"),
        .product(name: "FundusSynthesis", package: "KeepFIT"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
