/// An eye as the renderers draw it: its traits, its vessels and the camera before it.
struct FundusEye: Sendable {
  let traits: FundusTraits
  let vessels: [Vessel]
  let view: FundusView
  let camera: CameraTraits
  /// Names this eye: textures are keyed by it.
  let textureSeed: UInt32

  /// A texture of this eye's retina.
  func texture(
    _ use: UInt32, frequency: Float, octaves: Int, gain: Float = 0.5, aspect: Float = 1
  ) -> Plane {
    view.texture(
      NoiseField(
        seed: textureSeed &+ use &* 0x9E37_79B9, frequency: frequency, octaves: octaves, gain: gain,
        aspect: aspect))
  }
}
