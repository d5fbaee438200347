"""An evaluation as a folder that one can send: a page for people, JSON for tools, TREC runs, a summary in Markdown."""

from eval.report.folder import write_report

__all__ = ["write_report"]
