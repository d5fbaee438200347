"""The command line, `qa`: index, search, ask, eval, serve. Heavy imports wait until a command needs them."""

import sys
import warnings
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import UserError
from qa.console import console, error_console, print_line, say, usage_line
from qa.words import count_of

if TYPE_CHECKING:
    from index import Filter
    from qa.answer import Answer
    from qa.library import Library

FOUND, NOT_FOUND, MISTAKE = 0, 1, 2
PROBLEMS = 1


class System(StrEnum):
    """How passages are ranked; the values are `qa.retriever.SYSTEMS`."""

    HYBRID = "hybrid"
    CONVEX = "convex"
    RRF = "rrf"
    DENSE = "dense"
    BM25 = "bm25"


app = typer.Typer(
    name="qa",
    help="Ask a folder of articles; get cited passages. Offline, without a language model.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

IndexOption = Annotated[Path, typer.Option("--index", metavar="DIR", help="The folder of the index.")]
ModelOption = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="The encoder: a sentence-transformers name or folder.")
]
SystemOption = Annotated[System, typer.Option("--system", help="How passages are ranked.")]
RerankOption = Annotated[
    str | None,
    typer.Option(
        "--rerank", metavar="NAME", help="A cross-encoder for the first 20: a sentence-transformers name or folder."
    ),
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="DAY", help="Only articles published then or later: 2021, 2021-07, 2021-07-15."),
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="DAY", help="Only articles published then or earlier.")]
SourceOption = Annotated[
    list[str] | None, typer.Option("--source", metavar="NAME", help="Only articles of this file; may be repeated.")
]
KindOption = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only such passages: paragraph, caption …; may be repeated."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one object a question.")]
KOption = Annotated[int, typer.Option("-k", metavar="N", help="How many passages.")]

STORE = Path("index/store")


@app.command("index")
def index_command(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Folders and files: .txt, .md, or a corpus.jsonl.", show_default=False),
    ],
    index: IndexOption = STORE,
    model: ModelOption = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out files that cannot be used.")] = False,
    exact: Annotated[
        bool | None,
        typer.Option(
            "--exact/--approximate",
            help="Compare with every vector, or from 20,000 on with those that a stand-in chooses; as it was, if not said.",
        ),
    ] = None,
    empty: Annotated[bool, typer.Option("--empty", help="There may be no article yet: they are added in the page.")] = False,
) -> None:
    """Build an index of articles, or bring it up to date."""
    from index import build_index, open_encoder
    from index.encoder import DEFAULT_MODEL
    from index.sources import left_unread
    from index.store import paths_of
    from qa.progress import progress_bar

    encoder = open_encoder(model or DEFAULT_MODEL, download=True)
    before = paths_of(index)
    with progress_bar(error_console()) as progress:
        built = build_index(paths, index, encoder, skip_bad=skip_bad, exact=exact, may_be_empty=empty, progress=progress)
    for line in (*built.warnings, *(f"left out: {problem}" for problem in built.skipped)):
        say(f"warning: {line}")
    for line in left_unread(paths):
        say(f"warning: {line}")
    manifest = built.manifest
    others = [path for path in before if path not in manifest.paths]
    if others and built.removed:
        say(f"warning: {index} was of {', '.join(others)}: name it as well to keep its articles, or another --index")
    print_line(
        f"Indexed {count_of(manifest.articles, 'article')}, {count_of(manifest.passages, 'passage')} into {index} "
        f"({manifest.encoder}; {built.encoded:,} embedded, {built.reused:,} as before): articles "
        f"{built.added:,} added, {built.changed:,} changed, {built.removed:,} removed, {built.unchanged:,} unchanged."
    )


@app.command()
def search(
    question: Annotated[str | None, typer.Argument(metavar="QUESTION", show_default=False)] = None,
    k: KOption = 10,
    index: IndexOption = STORE,
    model: ModelOption = None,
    system: SystemOption = System.HYBRID,
    rerank: RerankOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = None,
    kind: KindOption = None,
    explain: Annotated[bool, typer.Option("--explain", help="Print every stage's rank and score.")] = False,
    questions: Annotated[
        Path | None,
        typer.Option("--questions", metavar="FILE", help="Questions, one JSON object a line.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Rank passages for a question, or for every question of a file."""
    if (question is None) == (questions is None):
        raise UserError("expected either a QUESTION or --questions FILE: qa search 'your question'")
    from qa.dates import read_filter

    where = read_filter(since, until, source, kind)
    if questions is not None:
        _search_file(questions, _open(index, model, rerank, where), k, system, where, as_json=as_json, explain=explain)
        return
    from qa.terminal import hits_text

    answer = _open(index, model, rerank, where).ask(str(question), k, system.value, where)
    if as_json:
        _print_json(answer, None)
    else:
        console().print(hits_text(answer, explain=explain))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", show_default=False)],
    k: Annotated[
        int | None, typer.Option("-k", metavar="N", help="How many passages.", show_default="3, in JSON 10")
    ] = None,
    index: IndexOption = STORE,
    model: ModelOption = None,
    system: SystemOption = System.HYBRID,
    rerank: RerankOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = None,
    kind: KindOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question with the sentence that says it and where it stands. Exit code 1: not in these articles."""
    from qa.dates import read_filter
    from qa.terminal import answer_text

    where = read_filter(since, until, source, kind)
    answer = _open(index, model, rerank, where).ask(question, 10 if k is None else k, system.value, where)
    if as_json:
        _print_json(answer, None)
    else:
        console().print(answer_text(answer, 3 if k is None else k))
    raise typer.Exit(FOUND if answer.found else NOT_FOUND)


@app.command("status")
def status_command(
    index: IndexOption = STORE,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell what an index is made of, how large it is, and whether its files have changed since."""
    from qa.status import read_status, status_json, status_table

    status = read_status(index)
    if as_json:
        print_line(status_json(status))
    else:
        console().print(status_table(status))


@app.command("doctor")
def doctor_command(index: IndexOption = STORE) -> None:
    """Check an index: every file, and whether they agree. Exit code 1: something is wrong."""
    from index.doctor import examine
    from index.store import files_of, read_manifest
    from qa.progress import progress_bar

    with progress_bar(error_console()) as progress:
        problems = examine(index, progress)
    for line in problems:
        print_line(line)
    if problems:
        raise typer.Exit(PROBLEMS)
    manifest = read_manifest(index)
    print_line(
        f"no problem found: {manifest.articles:,} articles, {manifest.passages:,} passages, "
        f"{len(files_of(index, manifest)):,} files checked"
    )


@app.command("verify-citations")
def verify_citations_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Answers that --json printed.", show_default=False)],
    index: IndexOption = STORE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a citation.")] = False,
) -> None:
    """Check saved answers against the articles as they are now. Exit code 1: a citation is not intact."""
    from qa.verify import checked_json, checked_text, verify_file

    checked = verify_file(file, index)
    if as_json:
        for each in checked:
            print_line(checked_json(each))
    else:
        console().print(checked_text(checked))
        if checked and all(each.found.state == "gone" for each in checked):
            say(f"warning: not one of these citations is in {index}: if another index answered, name it with --index")
    if any(each.found.state != "intact" for each in checked):
        raise typer.Exit(PROBLEMS)


def _hand_over(command: str, context: typer.Context) -> None:
    """Runs a command of the evaluation's own command line, with its own options and help."""
    from eval.commands import app as commands

    raise typer.Exit(commands([command, *context.args], prog_name="qa", standalone_mode=False) or FOUND)


_HANDED_OVER = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command("eval", add_help_option=False, context_settings=_HANDED_OVER)
def eval_command(context: typer.Context) -> None:
    """Measure systems on a gold set: figures with their uncertainty, misses explained, a report, a gate."""
    _hand_over("eval", context)


@app.command("gold", add_help_option=False, context_settings=_HANDED_OVER)
def gold_command(context: typer.Context) -> None:
    """Check, extend, pool, convert and compare gold sets."""
    _hand_over("gold", context)


@app.command("tune", add_help_option=False, context_settings=_HANDED_OVER)
def tune_command(context: typer.Context) -> None:
    """Search the ranking's settings on a gold set; recommend a change only when it is significant."""
    _hand_over("tune", context)


@app.command()
def serve(
    index: IndexOption = STORE,
    model: ModelOption = None,
    rerank: RerankOption = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 7860,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = False,
    mcp: Annotated[bool, typer.Option("--mcp", help="Serve language models' tools too, by MCP.")] = False,
    auth: Annotated[
        list[str] | None,
        typer.Option("--auth", metavar="USER:HASH", envvar="QA_AUTH", help="Who may sign in, as hash-password prints it."),
    ] = None,
    token: Annotated[
        str | None, typer.Option("--token", envvar="QA_TOKEN", help="What opens the page for programs and links.")
    ] = None,
    allow_anyone: Annotated[
        bool, typer.Option("--allow-anyone", help="Let whoever reaches the address ask, without signing in.")
    ] = False,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="HOST", help="Another host that leads here, by a proxy; may be repeated."),
    ] = None,
    rate: Annotated[
        float, typer.Option("--rate", min=0, help="Requests a second that one address may send; 0 for any number.")
    ] = 50,
    read_only: Annotated[
        bool | None,
        typer.Option("--read-only/--allow-changes", help="Whether people change articles; not said: here only."),
    ] = None,
    judgements: Annotated[
        Path, typer.Option("--judgements", metavar="FILE", help="Where what people judge is written, line by line.")
    ] = Path("judgements.jsonl"),
    reports: Annotated[
        Path, typer.Option("--reports", metavar="DIR", help="Where evaluations' reports are, a folder each.")
    ] = Path("reports"),
) -> None:
    """Open the question box: a web page on this machine, or for others too."""
    from qa.guard import Safety

    safety = Safety(tuple(auth or ()), token, allow_anyone, tuple(name or ()), rate)
    safety.access(host)
    library = _open(index, model, rerank)
    import app as page
    from qa.page import Settings

    page.serve(library, host, port, open_browser, mcp, safety, Settings(read_only, judgements, reports))


@app.command("hash-password")
def hash_password_command(
    user: Annotated[str, typer.Argument(metavar="USER", help="The name to sign in with.", show_default=False)],
) -> None:
    """Print what serve's --auth takes. The password is read unseen from the terminal, or from standard input."""
    from qa.guard import hash_password

    if not user or ":" in user:
        raise UserError(f"no name to sign in with: {user!r}, expected one without a colon")
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    print_line(f"{user}:{hash_password(password)}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line; a user's mistake ends it with one line on standard error and exit code 2."""
    warnings.simplefilter("ignore")
    try:
        code = app(args=list(arguments) if arguments is not None else None, prog_name="qa", standalone_mode=False)
    except UserError as error:
        for line in str(error).splitlines():
            say(line)
        code = MISTAKE
    except (KeyboardInterrupt, typer.Abort):
        say("stopped")
        code = 130
    except BrokenPipeError:
        # Whoever read the output has enough; nothing is left to flush.
        sys.stderr.close()
        code = FOUND
    except Exception as error:
        line = usage_line(error)
        if not line:
            raise
        say(line)
        code = MISTAKE
    sys.exit(code if isinstance(code, int) else FOUND)


def _open(index: Path, model: str | None, rerank: str | None, where: "Filter | None" = None) -> "Library":
    from index import open_encoder
    from index.reranker import open_reranker
    from qa.library import Library

    reranker = open_reranker(rerank, download=True) if rerank else None
    library = Library.open(index, open_encoder(model) if model else None, reranker)
    if where and (where.since or where.until) and (undated := library.index.facets.undated):
        say(f"note: {undated:,} of {count_of(len(library.passages), 'passage')} left out: their articles tell no date")
    return library


def _search_file(
    path: Path, library: "Library", k: int, system: System, where: "Filter", *, as_json: bool, explain: bool
) -> None:
    from qa.progress import progress_bar
    from qa.questions import read_questions
    from qa.terminal import hits_text

    asked = read_questions(path)
    at_once = 64
    with progress_bar(error_console()) as progress:
        for start in range(0, len(asked), at_once):
            progress("Asking questions", start, len(asked))
            batch = asked[start : start + at_once]
            for (question_id, _), answer in zip(
                batch, library.ask_many([text for _, text in batch], k, system.value, where), strict=True
            ):
                if as_json:
                    _print_json(answer, question_id)
                else:
                    print_line(f"{question_id}: {answer.question}")
                    console().print(hits_text(answer, explain=explain))


def _print_json(answer: "Answer", question_id: str | None) -> None:
    from qa.export import answer_json

    print_line(answer_json(answer, question_id))


if __name__ == "__main__":
    main()
