"""Every word that a figure says, once for each language; a translation is one more table here.

A text is a format string: `canvas.say("groups.caption", groups=4)`. Keys begin with the figure that they are for.
"""

from app.options import Lang

WORDS: dict[Lang, dict[str, str]] = {
    "en": {},
}
