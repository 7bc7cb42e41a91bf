import Foundation
import MMRetinalData
import Testing

@Suite struct ForeignFormatTests {
  private func message(_ head: [UInt8], name: String = "x.jpg") -> String {
    do {
      _ = try FundusImage(decoding: Data(head), name: name)
      return ""
    } catch {
      return error.description
    }
  }

  private func container(_ brand: String) -> [UInt8] {
    [0, 0, 0, 24] + Array("ftyp\(brand)".utf8) + [UInt8](repeating: 0, count: 20)
  }

  @Test func namesTheFormatAndARemedy() {
    let cases: [([UInt8], String, String)] = [
      (container("heic"), "HEIC", "heif-convert"), (container("mif1"), "HEIC", "heif-convert"),
      (container("avif"), "AVIF", "avifdec"), (container("isom"), "MP4", "frame"),
      (Array("RIFF\u{1}\u{1}\u{1}\u{1}WEBPVP8 ".utf8), "WebP", "dwebp"),
      (Array("GIF89a".utf8), "GIF", "PNG"),
      ([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20], "JPEG 2000", "opj_decompress"),
      ([0xFF, 0x4F, 0xFF, 0x51], "JPEG 2000", "opj_decompress"), ([0xFF, 0x0A], "JPEG XL", "djxl"),
      (Array("%PDF-1.4".utf8), "PDF", "pdfimages"), ([0x50, 0x4B, 3, 4], "zip", "unpack"),
      (Array("<svg xmlns=".utf8), "SVG", "rsvg-convert"),
      (Array("\n<!DOCTYPE html><html>".utf8), "web page", "download"),
      (Array("version https://git-lfs.github.com/spec/v1".utf8), "Git LFS", "git lfs pull"),
      ([UInt8](repeating: 0, count: 5000), "zero bytes", "copy"),
      (Array("hello world".utf8), ".jpg", "damaged"),
    ]
    for (bytes, format, remedy) in cases {
      let text = message(bytes)
      #expect(text.contains(format) && text.contains(remedy), "\(text)")
      #expect(!text.contains("bytes 0") && !text.contains("\n"))
    }
    #expect(message([]).contains("empty"))
    #if !DICOM
      let dicom = message([UInt8](repeating: 0, count: 128) + Array("DICM".utf8))
      #expect(dicom.contains("DICOM") && dicom.contains("--traits DICOM"), "\(dicom)")
      #expect(dicom.contains("dcmj2pnm"), "\(dicom)")
      #expect(message([1, 2, 3, 4], name: "x.dcm").contains("--traits DICOM"))
    #endif
    #expect(message([1, 2, 3, 4], name: "x.nef").contains("raw"))
  }
}
