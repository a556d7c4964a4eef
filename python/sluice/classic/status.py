"""Classic PySpark's view of jobs and stages, which nothing here has: the names exist, and a tracker says so."""
from typing import NamedTuple


class SparkJobInfo(NamedTuple):
    jobId: int
    stageIds: list
    status: str


class SparkStageInfo(NamedTuple):
    stageId: int
    currentAttemptId: int
    name: str
    numTasks: int
    numActiveTasks: int
    numCompletedTasks: int
    numFailedTasks: int


class SparkExecutorInfo(NamedTuple):
    host: str
    port: int
    cacheSize: int
    numRunningTasks: int


class StatusTracker:
    """No jobs and stages: the lists are empty."""

    def getJobIdsForGroup(self, jobGroup=None):
        return []

    def getActiveStageIds(self):
        return []

    def getActiveJobsIds(self):
        return []

    def getJobInfo(self, jobId):
        return None

    def getStageInfo(self, stageId):
        return None
