"""The characters of Chinese, Japanese and Korean, as a regular expression's class has them."""

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
KANA = r"\u3040-\u30ff"
HANGUL = r"\uac00-\ud7af"
CJK = KANA + HAN + HANGUL
