// swift-tools-version: 6.1
import PackageDescription

// A segmenter of one's own on FundusTensor, with drawn images in place of a data set. In a package of
// your own write `.package(url: "…", from: "…")` in place of the path.
let package = Package(
  name: "DiscSegmenter",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "KeepFIT", path: "../..")],
  targets: [
    .executableTarget(
      name: "DiscSegmenter",
      dependencies: [
        .product(name: "FundusTensor", package: "KeepFIT"),
        .product(name: "FundusSynthesis", package: "KeepFIT"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
