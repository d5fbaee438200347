"""What a question can be confined to: days, files, kinds of passages."""

from html import escape
from itertools import islice

from index.segment import KINDS
from qa.library import Library
from qa.words import kind_words

# Many more are no list that anyone reads: of those, what is being typed brings up some.
_LISTED = 50


def filters(library: Library) -> str:
    """The fields behind "Filter", named as the page's address names them."""
    published = library.index.manifest.published
    first, last = published or ("", "")
    days = "".join(
        f'<label class="field"><span>{words}</span><input type="date" name="{name}" min="{first}" max="{last}"></label>'
        for name, words in (("from", "From"), ("to", "To"))
    )
    kinds = "".join(
        f'<label class="choice"><input type="checkbox" name="kind" value="{kind}">{kind_words(kind).capitalize()}</label>'
        for kind in KINDS
    )
    return f"""<details class="filter" id="filter"><summary>Filter</summary><div class="fields">
  <div class="row">{days if published else ""}
    <label class="field name"><span>File</span><input name="source" list="sources" placeholder="Any" autocomplete="off"
      dir="auto"></label><datalist id="sources">{source_options(library, "")}</datalist>
  </div>
  <fieldset class="row"><legend>Kind of passage</legend>{kinds}</fieldset>
  <button class="button">Apply</button>
</div></details>"""


def source_options(library: Library, typed: str) -> str:
    """The names of files that have in them what is being typed, as options of a list."""
    typed = typed.casefold()
    names = (name for name in library.index.facets.sources if typed in name.casefold())
    return "".join(f'<option value="{escape(name)}">' for name in islice(names, _LISTED))
