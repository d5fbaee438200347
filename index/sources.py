"""From folders and files to articles: finds them, decodes them, and says in one line what is wrong with them."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from index.article import Article
from index.errors import SourceError
from index.markdown import fill_metadata, read_markdown
from index.store import MANIFEST, is_part
from index.stories import Block, Story, read_body, read_stories

SUFFIXES = {".txt": "plain text", ".md": "Markdown", ".markdown": "Markdown", ".jsonl": "a corpus, one article a line"}
_MAX_LINE = 1_000_000


@dataclass(frozen=True, slots=True)
class Draft:
    """An article with its blocks, not yet cut into passages."""

    article: Article
    blocks: tuple[Block, ...]


@dataclass(slots=True)
class Reading:
    """What was read: the articles, and what the user should know of it."""

    drafts: list[Draft] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read, and the name that its articles cite it by."""

    path: Path
    name: str


def find_sources(paths: Sequence[str | os.PathLike[str]], *, may_be_empty: bool = False) -> list[SourceFile]:
    """The files of articles among `paths` (files and folders, these searched through), by name.

    In a folder with a corpus.jsonl only that is read: its other files are questions and judgements.
    Hidden files are passed over. Raises SourceError for a path that is missing or of another kind,
    and if there is no article at all, unless that `may_be_empty`.
    """
    files: list[SourceFile] = []
    for path in map(Path, paths):
        if path.is_dir():
            files.extend(_walk(path))
        elif not path.exists():
            raise SourceError(f"{path}: no such file or folder: name a folder of articles")
        elif path.suffix.lower() not in SUFFIXES:
            raise SourceError(f"{path}: expected {_expected()}, found {path.suffix or 'no suffix'}: convert or rename it")
        else:
            files.append(SourceFile(path, _cited(Path(path.name))))
    if not files and not may_be_empty:
        named, others = ", ".join(str(path) for path in paths), passed_over(paths)
        raise SourceError(
            f"{named or 'no path'}: no articles found{f' but {others}' if others else ''}: expected files of {_expected()} "
            "(if there are to be none, as before any is added in the page: --empty)"
        )
    unique: dict[Path, SourceFile] = {}
    for file in files:
        # A file that two paths lead to is read once.
        unique.setdefault(file.path.resolve(), file)
    return sorted(_told_apart(unique), key=lambda file: file.name)


def passed_over(paths: Sequence[str | os.PathLike[str]]) -> str:
    """How many files of each kind that is not read stand in the folders among `paths`: "3 .pdf, 1 .docx", or nothing.

    Raises SourceError for a folder that cannot be read.
    """
    folders = (_folders(path) for path in map(Path, paths) if path.is_dir())
    names = [name for found in folders for _, inside in found if "corpus.jsonl" not in inside for name in inside]
    others = Counter(Path(name).suffix.lower() or "without a suffix" for name in names if not _is_read(name))
    return ", ".join(f"{count:,} {suffix}" for suffix, count in others.most_common())


def left_unread(paths: Sequence[str | os.PathLike[str]]) -> list[str]:
    """What stands in the folders among `paths` and is not read, told in a line each: other files, those beside a corpus.

    Raises SourceError for a folder that cannot be read.
    """
    lines = [f"not read: {others}: make text or Markdown of them"] if (others := passed_over(paths)) else []
    folders = (_folders(path) for path in map(Path, paths) if path.is_dir())
    inside = [(parent, names) for found in folders for parent, names in found if "corpus.jsonl" in names]
    beside = [str(parent / name) for parent, names in inside for name in names if _is_read(name) and name[-6:] != ".jsonl"]
    if beside:
        first = f"{beside[0]}{' and others' if beside[1:] else ''}"
        lines.append(f"not read, as a corpus.jsonl stands beside: {first}: name what is to be read as well, or move it")
    return lines


def _told_apart(files: Mapping[Path, SourceFile]) -> list[SourceFile]:
    """The files, those that share a name under that of the folder they were found in too, and so on upwards."""
    named = {path: (file, len(Path(file.name).parts)) for path, file in files.items()}
    while True:
        counts = Counter(file.name for file, _ in named.values())
        clashing = {path for path, (file, depth) in named.items() if counts[file.name] > 1 and depth < len(path.parts)}
        if not clashing:
            return [file for file, _ in named.values()]
        for path in clashing:
            file, depth = named[path]
            named[path] = SourceFile(file.path, _cited(Path(*path.parts[-depth - 1 :]))), depth + 1


def read_sources(files: Sequence[SourceFile]) -> Reading:
    """The articles of all files. A file that cannot be used adds its line to `problems`, and none of its articles."""
    reading = Reading()
    seen: dict[str, str] = {}
    for file in files:
        found: dict[str, str] = {}
        drafts: list[Draft] = []
        try:
            for piece in split_file(file, read_bytes(file), reading.warnings):
                for draft in piece.read():
                    other = seen.get(draft.article.id) or found.get(draft.article.id)
                    if other:
                        raise SourceError(same_id(piece.place, draft.article.id, other))
                    found[draft.article.id] = piece.place
                    drafts.append(draft)
        except SourceError as error:
            reading.problems.append(str(error))
        else:
            seen.update(found)
            reading.drafts.extend(drafts)
    return reading


def same_id(place: str, article_id: str, other: str) -> str:
    """The line for two articles of one id."""
    return f"{place}: two articles with the id {article_id!r}, the other in {other}: give each its own"


def _walk(folder: Path) -> Iterator[SourceFile]:
    for parent, names in _folders(folder):
        for name in ["corpus.jsonl"] if "corpus.jsonl" in names else filter(_is_read, names):
            path = parent / name
            yield SourceFile(path, _cited(path.relative_to(folder)))


def _folders(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """A folder and those in it, each with the names of its files; hidden ones and indexes are passed over."""
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        # An index kept among the articles is none of them.
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not _is_index(Path(parent, name)))
        yield Path(parent), sorted(name for name in names if not name.startswith("."))


def _is_read(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES


def _refuse(error: OSError) -> None:
    raise SourceError(f"{error.filename}: cannot be read ({error.strerror}): check its permissions") from None


def _is_index(folder: Path) -> bool:
    try:
        return (folder / MANIFEST).is_file() and any(is_part(path) for path in folder.iterdir())
    except OSError as error:
        _refuse(error)
        return False


def _cited(path: Path) -> str:
    """A path as articles cite it: bytes of a name that are no UTF-8 as U+FFFD."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def _expected() -> str:
    return ", ".join(f"{suffix} ({kind})" for suffix, kind in SUFFIXES.items() if suffix != ".markdown")


class Piece(NamedTuple):
    """A file, or a line of a corpus: read on its own. `place` is what an error names.

    A tuple, as it is made sooner than a dataclass: a corpus has very many lines.
    """

    place: str
    text: str
    read: Callable[[], list[Draft]]
    """Raises SourceError."""


def split_file(file: SourceFile, data: bytes, warnings: list[str]) -> Iterator[Piece]:
    """A file as its pieces, in order. Raises SourceError for one that cannot be read as text, or is empty."""
    text = decode(data, file.name, warnings)
    if not text.strip():
        raise SourceError(f"{file.name}: the file is empty, expected an article: write one or remove the file")
    if file.path.suffix.lower() != ".jsonl":
        yield Piece(file.name, text, lambda: _read_text(file, text))
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            place = f"{file.name}:{number}"
            yield Piece(place, line, partial(_read_line, line, file.name, place))


def _read_text(file: SourceFile, text: str) -> list[Draft]:
    _check_lines(text, file.name)
    markdown = file.path.suffix.lower() in {".md", ".markdown"}
    stories = [read_markdown(text, file.name)] if markdown else read_stories(text)
    if not any(story.blocks for story in stories):
        raise SourceError(f"{file.name}: no paragraph found, expected an article: write one or remove the file")
    return [
        _draft(story, file.name if len(stories) == 1 else f"{file.name}#{number}", file.name, text)
        for number, story in enumerate(stories, 1)
    ]


def _read_line(line: str, name: str, place: str) -> list[Draft]:
    record = read_record(line, place)
    article_id, body = record.get("_id", record.get("id")), record.get("text")
    if not isinstance(article_id, str | int) or isinstance(article_id, bool) or str(article_id) == "":
        raise SourceError(f"{place}: expected an _id, found fields {sorted(record)}: give each article its own")
    if not isinstance(body, str):
        raise SourceError(f"{place}: expected a text, found {type(body).__name__}: give the article's text as a string")
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    _check_lines(body, place)
    metadata = record.get("metadata")
    fields = {**(metadata if isinstance(metadata, dict) else {}), **record}
    fill_metadata(given := Story(), fields)
    story = read_body(body, given.title)
    fill_metadata(story, fields)
    return [_draft(story, str(article_id), name, body)]


def read_record(line: str, place: str) -> dict[str, Any]:
    """A line of JSONL as an object. Raises SourceError, naming `place`, if it is none."""
    try:
        record = json.loads(line)
        if "\\u" in line:
            # "\ud83d" is half of a character: it is read as U+FFFD, as bytes that are no UTF-8 are.
            whole = json.dumps(record, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            record = json.loads(whole)
    except RecursionError:
        raise SourceError(f"{place}: not JSON (nested too deeply): expected one object a line") from None
    except ValueError as error:
        found = getattr(error, "msg", "a number of too many digits")
        raise SourceError(f"{place}: not JSON ({found}): expected one object a line") from None
    if not isinstance(record, dict):
        raise SourceError(f"{place}: expected a JSON object, found {type(record).__name__}: write one object a line")
    return record


def _draft(story: Story, article_id: str, source: str, text: str) -> Draft:
    title = story.title or (Path(source).stem if not source.endswith(".jsonl") else "")
    article = Article(
        id=article_id,
        title=title,
        text=text,
        source=source,
        extent=story.extent,
        published=story.published,
        byline=story.byline,
        url=story.url,
        section=story.section,
        credits=tuple(story.credits),
    )
    return Draft(article, tuple(story.blocks))


def read_bytes(file: SourceFile) -> bytes:
    """A file's contents. Raises SourceError."""
    try:
        return file.path.read_bytes()
    except OSError as error:
        raise SourceError(f"{file.path}: cannot be read ({error.strerror}): check its permissions") from None


def decode(data: bytes, name: str, warnings: list[str]) -> str:
    """A file's text: UTF-8 (or UTF-16 that says so) without its byte order mark, line ends as \\n.

    Bytes that are no UTF-8 are read as U+FFFD, with a warning. Raises SourceError for a binary file.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in data:
        raise SourceError(f"{name}: a binary file, expected UTF-8 text: convert it to text or leave it out")
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        text = data.decode(encoding, errors="replace")
        count = text.count(chr(0xFFFD))
        warnings.append(
            f"{name}: not valid {error.encoding.upper().removesuffix('-SIG')} at byte {error.start}: "
            f"{count:,} {'character' if count == 1 else 'characters'} read as U+FFFD"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _check_lines(text: str, place: str) -> None:
    longest = max(map(len, text.split("\n")))
    if longest > _MAX_LINE:
        raise SourceError(
            f"{place}: a line of {longest:,} characters, expected at most {_MAX_LINE:,}: "
            "put each paragraph on a line of its own, or leave the file out"
        )
