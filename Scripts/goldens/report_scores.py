"""Writes Tests/KeepFITTests/Goldens/report-scores.json: BLEU, ROUGE-L, CIDEr-D and METEOR of small made-up
reports, METEOR's normalization of awkward texts, and stems of the Snowball stemmer of 2014.

    pip install pycocoevalcap==1.2 snowballstemmer==1.2.1      # and a Java runtime
    python Scripts/goldens/report_scores.py

METEOR's program weighs function words by a list inside of its jar. The goldens use the package's own list,
which is put into a copy of the jar.
"""
import contextlib
import io
import json
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import zipfile

import pycocoevalcap
import snowballstemmer
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

ROOT = pathlib.Path(__file__).resolve().parents[2]
JAR = pathlib.Path(list(pycocoevalcap.__path__)[0]) / "meteor/meteor-1.5.jar"


def own_function_words():
    source = (ROOT / "Sources/KeepFIT/ReportScoring/FunctionWords.swift").read_text()
    return re.search(r'words: """\n(.*?)\n *"""', source, re.S).group(1).split()


def jar_with(words, folder):
    """A copy of the jar with another list of function words."""
    copy = pathlib.Path(folder) / "meteor.jar"
    with zipfile.ZipFile(JAR) as old, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename.startswith("META-INF/") and entry.filename.endswith((".SF", ".RSA")):
                continue
            data = old.read(entry)
            if entry.filename == "function/english.words":
                data = ("\n".join(words) + "\n").encode()
            new.writestr(entry, data)
    # The program looks for its paraphrases beside the jar even where it does not use them.
    shutil.copytree(JAR.parent / "data", pathlib.Path(folder) / "data")
    return copy


def meteor(jar, pairs):
    process = subprocess.Popen(
        ["java", "-Xmx1G", "-jar", str(jar), "-", "-", "-stdio", "-l", "en", "-norm", "-m", "exact stem",
         "-w", "1.0 0.6"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=pathlib.Path(jar).parent)

    def ask(line):
        process.stdin.write(line + "\n")
        process.stdin.flush()

    statistics = []
    for hypothesis, references in pairs:
        ask(" ||| ".join(["SCORE", *references, hypothesis]))
        statistics.append(process.stdout.readline().strip())
    ask(" ||| ".join(["EVAL", *statistics]))
    samples = [float(process.stdout.readline()) for _ in pairs]
    corpus = float(process.stdout.readline())
    process.stdin.close()
    process.wait()
    return samples, corpus


def normalized(jar, texts, folder):
    """METEOR's words of texts, out of the alignments that the program writes."""
    folder = pathlib.Path(folder)
    (folder / "hyp").write_text("\n".join(texts) + "\n")
    (folder / "ref").write_text("q\n" * len(texts))
    subprocess.run(
        ["java", "-jar", str(jar), "hyp", "ref", "-l", "en", "-norm", "-m", "exact", "-w", "1.0",
         "-writeAlignments", "-f", "out"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    lines = (folder / "out-align.out").read_text().split("\n")
    return [lines[i + 1] for i in range(len(lines)) if lines[i].startswith("Alignment")]


SENTENCES = [
    "The fundus of the left eye was examined in the early phase .",
    "Microaneurysms and leaking capillaries are scattered at the posterior pole .",
    "Late leakage was seen along the inferior arcade of the right eye .",
    "There is no staining of the vessel walls ; the veins are dilated .",
    "Blocked fluorescence, 1.5 disc diameters wide, lies above the macula (figure 3).",
    "Window defects near the fovea do not change in size or shape .",
    "the arm-to-retina time was 12.5 s. Dr. No. 5 saw the patient's eye .",
    "<unk> drusen stained late , and the optic disc's margin was clear .",
    "Pooling of dye beneath the neurosensory retina increases .",
]


def texts(random):
    words = " ".join(SENTENCES).split()

    def report():
        return " ".join(random.sample(SENTENCES, random.randint(1, 3)))

    def changed(text):
        parts = text.split(" ")
        for _ in range(random.randint(0, 8)):
            place = random.randrange(len(parts))
            kind = random.randrange(4)
            if kind == 0 and len(parts) > 1:
                del parts[place]
            elif kind == 1:
                parts.insert(place, random.choice(words))
            elif kind == 2:
                moved = parts[place:place + 4]
                del parts[place:place + 4]
                where = random.randrange(len(parts) + 1)
                parts[where:where] = moved
            else:
                parts[place] += random.choice(["s", "ing", "ed", "ly"])
        return " ".join(parts)

    pairs = []
    for index in range(60):
        references = [report() for _ in range(1 if index < 40 else 2)]
        hypothesis = changed(references[0]) if random.random() < 0.8 else report()
        pairs.append(("" if index == 17 else references[0] if index == 3 else hypothesis, references))
    # Repeated words make the search of the alignment work.
    few = "the the a . , leak leaks leaking leaked macula macular left eye".split()
    for _ in range(60):
        pairs.append(tuple([
            " ".join(random.choice(few) for _ in range(random.randint(2, 24))),
            [" ".join(random.choice(few) for _ in range(random.randint(2, 24)))]]))
    return pairs


AWKWARD = [
    "Dr. Who. Mr. x. No. 5 pp. 12 No. five. fig. 3", "A.B. U.S. i.e. 1.2. 3.5. a.b Q",
    "q ... a... ...a a...b a.... a..b x.. .", "a,b 1,2 1,a a,1 1,,2 ,, ,,,a", "a-b-c 1-2-3-4 -a a- a--b",
    "1.-2 ..-a a-.. a.-b a-.b", "rock'n'roll 1'b 1's 1'5 dogs' 'b' '' ''' s'", "`a``b``` \u2018c\u2019 \u201cd\u201d",
    "<unk> a_b #5 50% 3\u00b0 5\u03bcm 5\u00b5m a|b a\\b", "\u00c0\u00c9 \u0130I \u0391\u03a3 \u017f \u00df \u0439 e\u0301",
    "a\u2013b \u2013 c \u2014 d a\u2026b", "1.\u00a0i a\u2003b c\u3000d.", "(a. b) [c.] \"d.\" e.' f.'", "q x. \u00e9 X. \u00c9 y. 3 y. _ z. Z",
]


def main():
    generator = random.Random(17)
    pairs = texts(generator)
    references = {index: pair[1] for index, pair in enumerate(pairs)}
    hypotheses = {index: [pair[0]] for index, pair in enumerate(pairs)}
    with contextlib.redirect_stdout(io.StringIO()):
        bleu, bleus = Bleu(4).compute_score(references, hypotheses, verbose=0)
    rouge, rouges = Rouge().compute_score(references, hypotheses)
    cider, ciders = Cider().compute_score(references, hypotheses)
    with tempfile.TemporaryDirectory() as folder:
        jar = jar_with(own_function_words(), folder)
        meteors, meteor_corpus = meteor(jar, pairs)
        awkward = [{"text": text, "words": words}
                   for text, words in zip(AWKWARD, normalized(jar, AWKWARD, folder))]
    samples = [
        {"hypothesis": pair[0], "references": pair[1],
         "BLEU_1": bleus[0][i], "BLEU_2": bleus[1][i], "BLEU_3": bleus[2][i], "BLEU_4": bleus[3][i],
         "METEOR": meteors[i], "ROUGE_L": float(rouges[i]), "CIDER": float(ciders[i])}
        for i, pair in enumerate(pairs)]
    corpus = {f"BLEU_{n + 1}": bleu[n] for n in range(4)}
    corpus |= {"METEOR": meteor_corpus, "ROUGE_L": float(rouge), "CIDER": float(cider)}
    stemmer = snowballstemmer.stemmer("english")
    vocabulary = sorted(set(re.findall(r"[a-z']+", """
        lateral internal external generally communism arsenal skis dying news innings herring proceeds exceeded
        hopping hoped falling filing luxuriated tied cries kiwis gas gaps this us stress agreed feedly bleedingly
        hesitating conflated troubled sized y by boy's eye eyes' 'tis say cry enjoy yyy vietnamization predication
        operator feudalism decisiveness hopefulness callousness formality sensitivity sensibility possibly
        geology apologies conformably radically analogously vileness triplicate formative electrical hopeful
        goodness revival allowance inference airliner gyroscopic adjustable defensible irritant replacement
        adjustment dependent adoption homologous communion angularity homologous effective bowdlerize probate rate
        cease controll roll fulness leakage leaking leaked leaks staining stained pooling defects fluorescence
        hyperfluorescence hypofluorescent microaneurysms neovascularization perfusion nonperfusion capillaries
        hemorrhages exudates edema cystoid petaloid telangiectasia tortuous vessels arteries venous arterial
        peripapillary choroidal retinal macular foveal posterior periphery temporally nasally superiorly
        """)))
    golden = {
        "corpus": corpus, "samples": samples, "normalization": awkward,
        "stems": [[word, stemmer.stemWord(word)] for word in vocabulary],
        "function_words": own_function_words()}
    path = ROOT / "Tests/KeepFITTests/Goldens/report-scores.json"
    path.write_text(json.dumps(golden, ensure_ascii=False, indent=0) + "\n")
    print(path, path.stat().st_size, corpus)


if __name__ == "__main__":
    main()
