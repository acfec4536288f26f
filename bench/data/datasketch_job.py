"""The job of `distill data clean` as one writes it in Python: clean the texts, drop exact and near duplicates.

    python datasketch_job.py ROWS.jsonl OUT.jsonl REMOVED.jsonl THRESHOLD

Texts are cleaned with compiled regular expressions, Chinese is cut by jieba, sketches are datasketch's MinHash with 128
permutations made by update_batch over xxhash, candidates come from its MinHashLSH and are checked by the sketches' estimate.
Cleaning and sketching run in a pool of processes, one for each core; the index is filled in the order of the rows.
"""

import html
import json
import multiprocessing
import re
import sys
import unicodedata

import jieba
import xxhash
from datasketch import MinHash, MinHashLSH

PERMUTATIONS = 128
SHINGLE_WORDS = 3
ROWS_PER_TASK = 64

WIDE = str.maketrans({code: chr(code - 0xFEE0) for code in [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), *map(ord, "＃＄％＆＊＋－／＜＝＞＠＼＾＿｜")]})
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
TAG = re.compile(r"</?(?:p|br|b|i|u|div|span|strong|em|ul|ol|li|table|tr|td|th|a|h[1-6]|sup|sub|font|img|hr|code|pre)(?:\s+[a-z-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=]+))*\s*/?>", re.I)
REFERENCE = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]\w+);", re.I)
OPENING = re.compile(r"^\s*(?:(?:sure|certainly|of course|absolutely)[!.,:]+|(?:that's )?(?:a )?(?:great|good) question[!.]|i'd be (?:happy|glad) to help[^.!?\n]{0,60}[.!]|(?:好的|当然可以|没问题)[，,。！!]+|很高兴为(?:您|你)解答[。！!])\s*", re.I)
CLOSING = re.compile(r"\s*(?:i hope (?:this|that) helps[^.!?\n]{0,60}[.!]|(?:please )?(?:feel free to|let me know if)[^.!?\n]{0,80}[.!]|希望(?:这|以上)[^。！!？?\n]{0,20}帮助[^。！!？?\n]{0,15}[。！!]|如果(?:您|你)?(?:还)?有(?:任何|其他)[^。！!？?\n]{0,20}[，,]?[^。！!？?\n]{0,10}随时[^。！!？?\n]{0,15}[。！!])\s*$", re.I)
SECRETS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\bsk-[\w-]{20,}|\bA(?:KI|SI)A[0-9A-Z]{16}\b|\bgh[pousr]_\w{36,}|(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)[1-8]\d{16}[\dXx](?!\d)")
SPACE = re.compile(r"\s+")
HAN = re.compile("[\u3400-\u9fff]")
OPERATOR = r"[+<=>^%±×÷−∈∑∏√∞∩∪∫≈≠≤≥→∧∨¬]|(?<!-)-(?=\d)|(?<!\*)\*(?=\d)|(?<!/)/(?=\d)|[-*/](?= \d)|(?<= )[-*/](?= )"
WORD = re.compile(r"\w+|" + OPERATOR)
PIECE = re.compile(r"([\u3400-\u9fff\uf900-\ufaff]+)|" + OPERATOR + r"|[^\W\u3400-\u9fff\uf900-\ufaff]+")


def cleaned(text):
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(WIDE)
    text = CONTROL.sub("", text)
    if "<" in text:
        text = TAG.sub("", text)
    if "&" in text:
        text = REFERENCE.sub(lambda found: html.unescape(found.group()), text)
    return text


def without_frame(text):
    text = OPENING.sub("", text, count=1)
    return CLOSING.sub("", text, count=1)


def words(text):
    text = text.lower()
    if not HAN.search(text):
        return WORD.findall(text)
    found = []
    for piece in PIECE.finditer(text):
        if piece.group(1):
            found.extend(jieba.cut(piece.group()))
        else:
            found.append(piece.group())
    return found


def work(line):
    row = json.loads(line)
    row["prompt"] = cleaned(row["prompt"])
    row["think"] = cleaned(row["think"])
    row["answer"] = without_frame(cleaned(row["answer"]))
    texts = (row["prompt"], row["think"], row["answer"])
    if any(SECRETS.search(text) for text in texts):
        row["flagged"] = True
    whole = "\n".join(texts)
    exact = xxhash.xxh64_intdigest(SPACE.sub(" ", whole).strip().lower())
    found = words(whole)
    shingles = {" ".join(found[i:i + SHINGLE_WORDS]) for i in range(max(1, len(found) - SHINGLE_WORDS + 1))}
    sketch = MinHash(num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest, scheme="affine32")
    sketch.update_batch([shingle.encode() for shingle in shingles])
    return row, exact, sketch.hashvalues


def begin():
    jieba.setLogLevel(60)
    jieba.initialize()


def main(rows, out, removed, threshold):
    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
    sketches, exact_rows, ids = [], {}, []
    with open(rows, encoding="utf-8") as lines, open(out, "w", encoding="utf-8") as kept, open(removed, "w", encoding="utf-8") as taken, multiprocessing.Pool(initializer=begin) as pool:
        for place, (row, exact, hashvalues) in enumerate(pool.imap(work, lines, chunksize=ROWS_PER_TASK)):
            sketch = MinHash(num_perm=PERMUTATIONS, hashvalues=hashvalues, hashfunc=xxhash.xxh32_intdigest, scheme="affine32")
            sketches.append(None)
            ids.append(row["id"])
            of = exact_rows.setdefault(exact, place)
            similar = None if of == place else (of, 1.0)
            if similar is None:
                candidates = ((sketches[other].jaccard(sketch), other) for other in index.query(sketch))
                share, other = max(candidates, default=(0.0, -1))
                if share >= threshold:
                    similar = (other, share)
            if similar is None:
                sketches[place] = sketch
                index.insert(place, sketch)
                kept.write(json.dumps(row, ensure_ascii=False) + "\n")
            else:
                taken.write(json.dumps({"row": place, "of": ids[similar[0]], "ofRow": similar[0], "similarity": similar[1], "record": row}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))
