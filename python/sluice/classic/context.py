"""SparkContext over the Connect session: what a program's driver asks of it, without a JVM."""
import os
import re
import sys
import threading

from pyspark.errors import PySparkAttributeError, PySparkNotImplementedError

from sluice import application

_LOG_LEVELS = ("ALL", "DEBUG", "ERROR", "FATAL", "INFO", "OFF", "TRACE", "WARN")
_JVM_ATTRIBUTES = ("_jvm", "_jsc", "_gateway", "_jvm_helper")
_NEED_HADOOP = ("sequenceFile", "newAPIHadoopFile", "newAPIHadoopRDD", "hadoopFile", "hadoopRDD", "binaryRecords",
                "dump_profiles", "show_profiles", "runJob")


class SparkContext:
    """One per program at a time, as in Spark; `spark.sparkContext` and SparkContext() give the same one."""

    _active_spark_context = None
    _lock = threading.RLock()

    def __init__(self, master=None, appName=None, sparkHome=None, pyFiles=None, environment=None, batchSize=0,
                 serializer=None, conf=None, **jvm_arguments):
        from pyspark.conf import SparkConf

        with SparkContext._lock:
            active = SparkContext._active_spark_context
            if active is not None:
                raise ValueError(f"Cannot run multiple SparkContexts at once; existing SparkContext(app={active.appName}, "
                                 f"master={active.master})")
            self._conf = SparkConf()
            for key, value in conf.getAll() if conf else ():
                self._conf.set(key, value)
            if master:
                self._conf.setMaster(master)
            if appName:
                self._conf.setAppName(appName)
            if sparkHome:
                self._conf.setSparkHome(sparkHome)
            for key, value in (environment or {}).items():
                self._conf.setExecutorEnv(key, value)
            self._start(None)
        for path in pyFiles or ():
            self.addPyFile(path)

    def _start(self, session):
        self._session_made = session
        self._local_properties = {}
        self._checkpoint_folder = None
        self._next_rdd = 0
        self.environment = {}
        self.sparkHome = os.environ.get("SPARK_HOME")
        self.pythonExec = sys.executable
        self.pythonVer = "%d.%d" % sys.version_info[:2]
        SparkContext._active_spark_context = self

    @classmethod
    def _of_session(cls, session):
        """The value of `session.sparkContext`."""
        from pyspark.conf import SparkConf

        with cls._lock:
            context = cls._active_spark_context
            if context is None:
                context = cls.__new__(cls)
                context._conf = SparkConf()
                here = application.current
                context._conf.setAll(list(here.session_conf.items()) if here else [])
                context._start(session)
            elif context._session_made is None:
                context._session_made = session
            return context

    @classmethod
    def _session_stopped(cls, session):
        with cls._lock:
            context = cls._active_spark_context
            if context is not None and context._session_made is session:
                cls._active_spark_context = None

    @classmethod
    def getOrCreate(cls, conf=None):
        with cls._lock:
            return cls._active_spark_context or cls(conf=conf)

    @classmethod
    def setSystemProperty(cls, key, value):
        if application.current is not None:
            application.current.conf[key] = str(value)

    @property
    def _session(self):
        """The session that this context works through; made when first needed."""
        if self._session_made is None or self._session_made.is_stopped:
            from pyspark.sql import SparkSession

            self._session_made = SparkSession.builder.getOrCreate()
        return self._session_made

    def __getattr__(self, name):
        if name in _JVM_ATTRIBUTES:
            raise PySparkAttributeError(errorClass="JVM_ATTRIBUTE_NOT_SUPPORTED", messageParameters={"attr_name": name})
        if name in _NEED_HADOOP:
            raise PySparkNotImplementedError(
                errorClass="NOT_IMPLEMENTED",
                messageParameters={"feature": f"SparkContext.{name} (it needs a JVM; use spark.read)"})
        raise AttributeError(f"'SparkContext' object has no attribute {name!r}")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()

    def __repr__(self):
        return f"<SparkContext master={self.master} appName={self.appName}>"

    def __reduce__(self):
        raise RuntimeError("It appears that you are attempting to reference SparkContext from a broadcast variable, "
                           "action, or transformation. SparkContext can only be used on the driver, not in code that "
                           "it run on workers. For more information, see SPARK-5063.")

    # What the application is

    @property
    def master(self):
        return self._conf.get("spark.master", "local[*]")

    @property
    def appName(self):
        return self._conf.get("spark.app.name", "pyspark-shell")

    @property
    def applicationId(self):
        return application.current.id if application.current else None

    @property
    def startTime(self):
        return application.current.start_time if application.current else None

    @property
    def version(self):
        import pyspark

        return pyspark.__version__

    @property
    def uiWebUrl(self):
        return None

    @property
    def resources(self):
        return {}

    @property
    def defaultParallelism(self):
        cores = os.cpu_count() or 1
        configured = self._conf.get("spark.default.parallelism")
        if configured:
            return int(configured)
        match = re.fullmatch(r"local\[\s*(\d+|\*)\s*(?:,.*)?\]", self.master)
        if self.master == "local":
            return 1
        return int(match[1]) if match and match[1] != "*" else cores

    @property
    def defaultMinPartitions(self):
        return min(self.defaultParallelism, 2)

    def getConf(self):
        from pyspark.conf import SparkConf

        conf = SparkConf(loadDefaults=False)
        conf.setAll(self._conf.getAll())
        return conf

    def _own_conf(self):
        """What the program set itself, without the command line's settings."""
        known = application.current.conf if application.current else {}
        return {key: value for key, value in self._conf.getAll() if known.get(key) != value}

    def sparkUser(self):
        import getpass

        return os.environ.get("SPARK_USER") or getpass.getuser()

    def statusTracker(self):
        from sluice.classic.status import StatusTracker

        return StatusTracker()

    # What the driver sets

    def setLogLevel(self, logLevel):
        level = str(logLevel).upper()
        if level not in _LOG_LEVELS:
            from pyspark.errors import IllegalArgumentException

            raise IllegalArgumentException(
                f"requirement failed: Supplied level {logLevel} did not match one of: {','.join(_LOG_LEVELS)}")
        if application.current is not None:
            application.current.set_log_level(level)

    def setLocalProperty(self, key, value):
        self._local_properties[key] = value

    def getLocalProperty(self, key):
        return self._local_properties.get(key)

    def setJobDescription(self, value):
        self.setLocalProperty("spark.job.description", value)

    def setInterruptOnCancel(self, interruptOnCancel):
        self.setLocalProperty("spark.job.interruptOnCancel", str(interruptOnCancel).lower())

    def setJobGroup(self, groupId, description, interruptOnCancel=False):
        """The group is a tag of the session: what runs under it can be cancelled."""
        old = self._local_properties.get("spark.jobGroup.id")
        if old:
            self._session.removeTag(old)
        self._local_properties["spark.jobGroup.id"] = groupId
        self.setJobDescription(description)
        self._session.addTag(groupId)

    def cancelJobGroup(self, groupId):
        self._session.interruptTag(groupId)

    def cancelAllJobs(self):
        self._session.interruptAll()

    def addJobTag(self, tag):
        self._session.addTag(tag)

    def removeJobTag(self, tag):
        self._session.removeTag(tag)

    def getJobTags(self):
        return self._session.getTags()

    def clearJobTags(self):
        self._session.clearTags()

    def cancelJobsWithTag(self, tag):
        self._session.interruptTag(tag)

    def setCheckpointDir(self, dirName):
        self._checkpoint_folder = dirName
        self._session.conf._set_all({"spark.checkpoint.dir": dirName}, silent=True)

    def getCheckpointDir(self):
        return self._checkpoint_folder

    def addPyFile(self, path):
        """For the workers through the session, for the driver on its own path."""
        self._session.addArtifacts(path, pyfile=True)
        entry = os.path.dirname(os.path.abspath(path)) if path.endswith(".py") else os.path.abspath(path)
        if entry not in sys.path:
            sys.path.insert(1, entry)

    def addFile(self, path, recursive=False):
        if os.path.isdir(path) and not recursive:
            from pyspark.errors import SparkRuntimeException

            raise SparkRuntimeException(f"Added file {path} is a directory and recursive is not turned on.")
        self._files().add(path)

    def addArchive(self, path):
        self._files().add_archive(path)

    @property
    def listFiles(self):
        root = self._files().root
        return sorted(str(path) for path in root.iterdir()) if root.exists() else []

    listArchives = listFiles

    def _files(self):
        if application.current is None:
            raise PySparkNotImplementedError(
                errorClass="NOT_IMPLEMENTED",
                messageParameters={"feature": "SparkContext.addFile outside of `sluice submit` and `sluice shell`"})
        return application.current.files

    def stop(self):
        with SparkContext._lock:
            SparkContext._active_spark_context = None
        if self._session_made is not None:
            self._session_made.stop()

    # Data that lives in the driver

    def broadcast(self, value):
        from sluice.classic.shared_variables import Broadcast

        return Broadcast(value)

    def accumulator(self, value, accum_param=None):
        from sluice.classic.shared_variables import driver_accumulator

        return driver_accumulator(value, accum_param)

    def parallelize(self, c, numSlices=None):
        from sluice.classic.rdd import rdd_of_collection

        return rdd_of_collection(self, c, numSlices)

    def range(self, start, end=None, step=1, numSlices=None):
        if end is None:
            start, end = 0, start
        return self.parallelize(range(start, end, step), numSlices)

    def emptyRDD(self):
        return self.parallelize([], 1)

    def textFile(self, name, minPartitions=None, use_unicode=True):
        return self._session.read.text(name.split(",")).rdd.map(lambda row: row[0])

    def wholeTextFiles(self, path, minPartitions=None, use_unicode=True):
        from pyspark.sql import functions as F

        frame = self._session.read.text(path, wholetext=True).select(F.input_file_name(), "value")
        return frame.rdd.map(tuple)

    def union(self, rdds):
        first, *others = rdds
        return first.union(*others)
