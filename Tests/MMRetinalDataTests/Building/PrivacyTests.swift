import MMRetinalData
import Testing

@Suite struct PrivacyTests {
  @Test(arguments: [
    "Patient name: John Smith. Color photograph.", "Mr. Smith, right eye",
    "Mrs Jones before surgery",
    "DOB: 03/12/1965", "Date of birth 1965-03-12", "The patient was born on May 4",
    "Photographed on 2003-05-12", "12 March 1998, late phase", "March 12, 1998", "12.03.1998",
    "MRN 123456", "Hospital No. A12345", "Record number 77", "ID: 204561", "Number 20045612",
    "姓名：张三", "患者张某，男，45岁", "患者：李四", "出生日期1965年3月", "2003年5月12日眼底像", "住院号：204561",
    "病历号 0012345", "身份证号110101196503121234", "门诊号20030512", "电话：13800000000",
  ])
  func findsInTexts(_ text: String) { #expect(!PrivacyCheck.reasons(inText: text).isEmpty) }

  @Test(arguments: [
    "Diabetic retinopathy in a 54-year-old man. A. Color photograph. Same patient as Figure 5-3-1B.",
    "Case 3. Visual acuity was 20/200; the lesion measured 300 μm at 45° (arrow)",
    "Fluorescein angiogram at 2 minutes 35 seconds, 10/25/50 degrees",
    "Vogt-Koyanagi-Harada disease, case 12",
    "Three months after vitrectomy in 1998", "HE staining, ×200, scale bar 0.0125000 mm",
    "Best disease; Stargardt disease; Coats disease in the left eye of the patient",
    "Refraction -12.50",
    "图5-3-1 糖尿病视网膜病变（女，37岁，视力0.5）", "患者黄斑区水肿，右眼", "患者方可见裂孔", "与图12-3-45为同一患者",
    "病例2，治疗后3个月，2003年复查", "B超示穹隆状肿物。患者高度近视",
  ])
  func isSilentOnCaptions(_ text: String) {
    #expect(PrivacyCheck.reasons(inText: text).isEmpty, "\(PrivacyCheck.reasons(inText: text))")
  }

  @Test(arguments: [
    "zhang_wei_19650312_OD.jpg", "Smith John.jpg", "WangXiaoming-OS.png", "123456.jpg", "张三-右眼.jpg",
    "1965-03-12.png", "li xiaohong left eye.png", "Mueller,Hans OCT.tif",
  ])
  func findsInFileNames(_ name: String) {
    #expect(!PrivacyCheck.reasons(inFileName: name).isEmpty)
  }

  @Test(arguments: [
    "figure01-04-01a.jpg", "figure5-3-1B.png", "IMG_0012.jpg", "diabetic retinopathy 3.png",
    "page12.png",
    "severe_nonprol_dr.jpg", "sample_macular_hole.png", "左眼底像.jpg", "黄斑裂孔.png", "oct-left-003.png",
    "figure0-12-3.jpg", "01_dr.JPG", "RET002OD.jpg",
  ])
  func isSilentOnFileNames(_ name: String) {
    let found = PrivacyCheck.reasons(inFileName: name)
    #expect(found.isEmpty, "\(name): \(found)")
  }

  @Test func looksAtRows() {
    var row = PairRow(image: "images/a.jpg", book: "b", page: 1, figure: "1-1", panel: "")
    #expect(!PrivacyCheck.finds(in: row))
    row.captionZh = "姓名：王五"
    #expect(PrivacyCheck.finds(in: row))
    #expect(
      !PrivacyCheck.reasons(inText: String(repeating: "a ", count: 500_000) + "MRN 1").contains(
        .number))
  }
}
