"""SparkFiles: where --files, --archives and SparkContext.addFile put things."""
import os

from sluice.application import FilesFolder


class SparkFiles:
    """Resolves paths to files added through SparkContext.addFile()."""

    def __init__(self):
        raise NotImplementedError("Do not construct SparkFiles objects")

    @classmethod
    def get(cls, filename):
        return os.path.abspath(os.path.join(cls.getRootDirectory(), filename))

    @classmethod
    def getRootDirectory(cls):
        return cls._root() or os.environ[FilesFolder.VARIABLE]

    @staticmethod
    def _root():
        """A folder that comes before the application's, as in workers; none here."""
