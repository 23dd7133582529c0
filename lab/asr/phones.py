"""The recogniser's units: pinyin initials and tonal finals (as pinyin spells them), 179 of them."""
INITIALS = 'zh ch sh b p m f d t n l g k h j q x r z c s y w'.split()
DIGITS = dict(zip('零一二三四五六七八九幺', 'ling2 yi1 er4 san1 si4 wu3 liu4 qi1 ba1 jiu3 yao1'.split()))


def split(syllable):
    """'zhong1' -> ('zh', 'ong1'); 'an1' -> ('an1',); 'e4' -> ('e4',)"""
    initial = next((i for i in INITIALS if syllable.startswith(i) and len(syllable) > len(i) + 1), '')
    return (initial, syllable[len(initial):]) if initial else (syllable,)


def phones(pinyin):
    """Tone-numbered syllables -> phones."""
    return [q for p in pinyin for q in split(p)]
