"""The errors that a user can cause: one line each, naming what was found, what was expected and what to do."""


class UserError(Exception):
    """A mistake the user can mend. Its message is one line; the command line prints it and exits with 2."""


class SourceError(UserError):
    """An article, or the folder of articles, cannot be read."""


class EncoderError(UserError):
    """An encoder cannot be loaded, or is not the one that was expected."""


class IndexFolderError(UserError):
    """An index folder is missing, damaged, or was built by something else."""


class QuestionError(UserError):
    """A question, or how many passages are asked for, cannot be used."""


class GoldError(UserError):
    """A file of gold questions cannot be used."""
