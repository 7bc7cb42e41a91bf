// swift-tools-version: 6.2
import PackageDescription

// FundusTensor alone, for a task that has nothing to do with eyes. In a package of your own write
// `.package(url: "…", from: "…")` in place of the path.
let package = Package(
  name: "DigitClassifier",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "KeepFIT", path: "../..")],
  targets: [
    .executableTarget(
      name: "DigitClassifier", dependencies: [.product(name: "FundusTensor", package: "KeepFIT")])
  ],
  swiftLanguageModes: [.v6]
)
