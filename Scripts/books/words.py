"""Captions of synthetic books: titles, words of panels, and sentences for the body, in English and Chinese."""

from dataclasses import dataclass, field

# What a title may say: disease in English and Chinese.
DISEASES = [
    ("Diabetic retinopathy", "糖尿病视网膜病变"),
    ("Branch retinal vein occlusion", "视网膜分支静脉阻塞"),
    ("Central retinal artery occlusion", "视网膜中央动脉阻塞"),
    ("Age-related macular degeneration", "年龄相关性黄斑变性"),
    ("Polypoidal choroidal vasculopathy", "息肉样脉络膜血管病变"),
    ("Central serous chorioretinopathy", "中心性浆液性脉络膜视网膜病变"),
    ("Retinitis pigmentosa", "视网膜色素变性"),
    ("Stargardt disease", "Stargardt病"),
    ("Vogt-Koyanagi-Harada disease", "Vogt-小柳原田综合征"),
    ("Idiopathic macular hole", "特发性黄斑裂孔"),
    ("Epiretinal membrane", "黄斑前膜"),
    ("Choroidal melanoma", "脉络膜黑色素瘤"),
    ("Optic disc drusen", "视盘玻璃膜疣"),
    ("Pathologic myopia", "病理性近视"),
    ("Coats disease", "Coats病"),
    ("Acute posterior multifocal placoid pigment epitheliopathy", "急性后极部多灶性鳞状色素上皮病变"),
    ("Rhegmatogenous retinal detachment", "孔源性视网膜脱离"),
    ("Retinal macroaneurysm", "视网膜大动脉瘤"),
    ("Best vitelliform macular dystrophy", "Best卵黄样黄斑营养不良"),
    ("Anterior ischemic optic neuropathy", "前部缺血性视神经病变"),
]

PATIENTS = [
    ("in a 54-year-old man", "男，54岁"),
    ("in a 37-year-old woman with visual acuity of 0.5", "女，37岁，视力0.5"),
    ("of the right eye", "右眼"),
    ("of the left eye", "左眼"),
    ("with macular edema", "伴黄斑水肿"),
    ("before treatment", "治疗前"),
    ("three months after vitrectomy", "玻璃体切除术后3个月"),
]

# What a panel shows, by modality.
SHOWS = {
    "CFP": [
        ("Color photograph of the right eye shows flame-shaped hemorrhages", "右眼彩色眼底像示火焰状出血"),
        ("Fundus photograph shows confluent soft drusen at the macula", "眼底彩照示黄斑区融合的软性玻璃膜疣"),
        ("Color fundus photograph shows a gray lesion temporal to the fovea", "彩色眼底像示中心凹颞侧灰色病灶"),
        ("Wide-field color image with bone-spicule pigmentation in the periphery", "广角彩色眼底像示周边骨细胞样色素沉着"),
        ("The optic disc is pale with sharply defined margins", "视盘色淡，边界清楚"),
        ("Color photograph of the same eye after laser photocoagulation", "同一眼激光光凝后彩色眼底像"),
        ("Hard exudates form a circinate ring around leaking microaneurysms", "硬性渗出环绕渗漏的微血管瘤呈环状排列"),
    ],
    "FFA": [
        ("Late-phase fluorescein angiogram shows diffuse leakage", "荧光素血管造影晚期示弥漫性渗漏"),
        ("Early fluorescein angiogram with capillary nonperfusion (FFA, 25 seconds)", "造影早期（FFA，25秒）示毛细血管无灌注区"),
        ("ICGA in the late phase shows a hot spot of 1.5 mm", "ICGA晚期示直径1.5mm的强荧光点"),
        ("Fundus autofluorescence image shows a hyperautofluorescent ring", "眼底自发荧光示强荧光环"),
        ("Red-free photograph shows the defect of the nerve fiber layer", "无赤光像示神经纤维层缺损"),
        ("Fluorescein angiography of the left eye shows classic choroidal neovascularization", "左眼荧光血管造影示典型脉络膜新生血管"),
    ],
    "OCT": [
        ("OCT scan through the fovea shows subretinal fluid", "经中心凹的OCT示视网膜下液"),
        ("Horizontal B-scan shows cystoid spaces in the outer plexiform layer", "水平OCT扫描示外丛状层囊样腔隙"),
        ("Spectral-domain OCT shows a full-thickness macular hole", "频域OCT示全层黄斑裂孔"),
        ("OCT shows disruption of the ellipsoid zone and a thickened choroid (vitamin A. deficiency excluded)", "OCT示椭圆体带断裂及脉络膜增厚"),
    ],
    "other": [
        ("B-scan ultrasonography shows a dome-shaped mass", "B超示穹隆状肿物"),
        ("Visual field shows a central scotoma", "视野检查示中心暗点"),
        ("Histologic section shows spindle cells (hematoxylin-eosin, ×200)", "组织病理切片示梭形细胞（HE染色，×200）"),
        ("Survival of patients over five years", "患者五年生存情况"),
    ],
}

# Ends of captions that must not be taken for marks or for new captions.
TRAPS = [
    ("abbreviation", "According to the E.T.D.R.S. the edema was significant", "按照E.T.D.R.S.标准为有意义的水肿"),
    ("letter-dot", "The lesion was of type B. No treatment was given", "病变为B型。未予治疗"),
    ("reference", "Same patient as in Figure {ref}", "与图{ref}为同一患者"),
    ("reference", "Compare with Fig. {ref}", "参见图{ref}"),
    ("symbols", "The lesion measured 300 μm at 45° (arrow)", "病灶大小300μm，位于45°（箭头）"),
]

BODY = [
    ("The retina is supplied by the central retinal artery and by the choriocapillaris, and both circulations must be examined.",
     "视网膜由视网膜中央动脉和脉络膜毛细血管双重供血，两套循环均须检查。"),
    ("As shown in {fig}, leakage increases in the late phase and its borders become blurred.",
     "如{fig}所示，晚期渗漏增强，边界模糊。"),
    ("Treatment depends on the visual acuity, on the extent of the lesion and on the patient's general condition.",
     "治疗取决于视力、病变范围和全身情况。"),
    ("Fluorescein angiography and optical coherence tomography complement each other ({fig}).",
     "荧光血管造影与光学相干断层扫描互为补充（{fig}）。"),
    ("A. Lesions of this kind are rare. B. They are seldom bilateral.", "A. 此类病变罕见。B. 双眼者少。"),
    ("Follow-up after six months is recommended in all cases, even if the patient has no complaints.",
     "建议所有患者6个月后随访，即使无自觉症状。"),
    ("The differential diagnosis includes inflammatory, neoplastic and hereditary conditions of the posterior segment.",
     "鉴别诊断包括炎症性、肿瘤性和遗传性眼后段疾病。"),
]


@dataclass
class Style:
    """How a book prints its captions."""

    kind: str  # "cn+en", "cn", "fig" or "figure"
    mark: str  # "A.", "A．", "A,", "(A)" or "A"
    levels: int  # 2 or 3
    prefix_space: bool = False  # 图 5-3-1
    tab: bool = False
    fullwidth_digits: bool = False
    dash: str = "-"
    between_lines: bool = False  # English below the Chinese in a line of its own
    separator: str = " "


@dataclass
class Panel:
    letter: str
    modality: str
    english: str
    chinese: str
    image: object = None
    traps: set = field(default_factory=set)


def draw_style(random, kind):
    english_only = kind in ("fig", "figure")
    marks = ["A.", "A.", "A,", "(A)"] if english_only else ["A.", "A．", "A,", "(A)", "（A）"]
    return Style(
        kind=kind, mark=random.choice(marks), levels=3 if kind in ("cn+en", "cn") and random.random() < 0.7 else 2,
        prefix_space=random.random() < 0.3, tab=kind == "cn" and random.random() < 0.4,
        fullwidth_digits=kind in ("cn+en", "cn") and random.random() < 0.15,
        dash=random.choice(["-", "-", "-", "–", "."] if kind != "figure" else ["-", "-", "–"]),
        between_lines=random.random() < 0.4)


def printed_number(number, style, language):
    text = style.dash.join(number)
    if style.fullwidth_digits and language == "zh":
        text = text.translate({ord(d): 0xFF10 + int(d) for d in "0123456789"})
    return text


def label(number, style, language):
    text = printed_number(number, style, language)
    if language == "zh":
        return "图" + (" " if style.prefix_space else "") + text + ("\t" if style.tab else "　" if style.fullwidth_digits else " ")
    return ("FIGURE " if style.kind == "figure" else "Fig. ") + text + (". " if style.kind == "figure" else " ")


def mark(letters, style, language, chinese_style_only=("A．", "（A）")):
    """The mark in front of the words of one or several panels."""
    form = style.mark
    if language == "en":
        form = {"A．": "A.", "（A）": "(A)"}.get(form, form)
    if len(letters) == 1:
        inner = letters[0]
    elif len(letters) > 2 or (ord(letters[-1]) - ord(letters[0]) > 1):
        inner = letters[0] + ("–" if language == "en" else "～") + letters[-1]
    else:
        inner = (letters[0] + " and " + letters[1]) if language == "en" else (letters[0] + "、" + letters[1])
    return form.replace("A", inner)
