"""The command line of spark-submit: what each option sets, and which of them mean something here."""
from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field

from sluice.properties import read_properties

# option -> configuration key that spark-submit stores its value under (None: no key)
_EFFECTIVE = {
    "--master": "spark.master",
    "--name": "spark.app.name",
    "--py-files": "spark.submit.pyFiles",
    "--files": "spark.files",
    "--archives": "spark.archives",
    "--remote": "spark.remote",
    "--properties-file": None,
    "--conf": None,
}
_WITHOUT_EFFECT = {
    "--deploy-mode": "spark.submit.deployMode",
    "--class": None,
    "--jars": "spark.jars",
    "--packages": "spark.jars.packages",
    "--exclude-packages": "spark.jars.excludes",
    "--repositories": "spark.jars.repositories",
    "--driver-memory": "spark.driver.memory",
    "--driver-java-options": "spark.driver.extraJavaOptions",
    "--driver-library-path": "spark.driver.extraLibraryPath",
    "--driver-class-path": "spark.driver.extraClassPath",
    "--driver-default-class-path": None,
    "--driver-cores": "spark.driver.cores",
    "--executor-memory": "spark.executor.memory",
    "--executor-cores": "spark.executor.cores",
    "--total-executor-cores": "spark.cores.max",
    "--num-executors": "spark.executor.instances",
    "--queue": "spark.yarn.queue",
    "--principal": "spark.kerberos.principal",
    "--keytab": "spark.kerberos.keytab",
    "--proxy-user": None,
}
_ALIASES = {"-c": "--conf", "-v": "--verbose", "-h": "--help"}
_FLAGS = {"--verbose", "--help", "--version", "--supervise", "--load-spark-defaults", "--no-pyspark"}
_ENGINES = ("sluice", "spark")
_CLUSTER_COMMANDS = {"--kill", "--status"}
_MASTERS = ("local", "yarn", "spark://", "k8s://", "mesos://")

HELP = """\
Options, as spark-submit's:
  --name NAME                 name of the application
  --conf, -c KEY=VALUE        a configuration setting
  --properties-file FILE      settings to load (default: spark-defaults.conf of $SPARK_CONF_DIR or $SPARK_HOME/conf)
  --load-spark-defaults       read spark-defaults.conf also when --properties-file is given
  --py-files A,B              .zip, .egg, .whl or .py files for the Python path
  --files A,B                 files that SparkFiles.get(name) finds
  --archives A#NAME,B         archives unpacked for SparkFiles.get(NAME)
  --master local[N]           as in Spark; another kind of master runs on this machine
  --remote URL                use this Spark Connect server instead of starting one
  --engine sluice|spark       spark: hand the whole command line to the spark-submit of $SPARK_HOME or of the PATH,
                              for a cluster (--master spark://..., yarn, k8s://...) or to compare
  --verbose, -v               print what was understood
  --version, --help

Options that only mean something to a JVM or a cluster (--driver-memory, --executor-memory, --num-executors,
--executor-cores, --total-executor-cores, --driver-cores, --deploy-mode, --queue, --class, --packages,
--repositories, --jars, --driver-class-path, ...) are accepted and have no effect.
"""


class UsageError(Exception):
    """The command line can't be understood; the text is for the user."""


@dataclass
class Options:
    """What a spark-submit command line says."""

    conf: dict = field(default_factory=dict)
    without_effect: list = field(default_factory=list)
    verbose: bool = False
    help: bool = False
    version: bool = False
    application: str | None = None
    arguments: list = field(default_factory=list)
    properties_file: str | None = None
    engine: str = "sluice"
    of_spark: list = field(default_factory=list)  # the command line without --engine, for spark-submit

    def paths(self, key):
        """The comma-separated files under a configuration key."""
        return [path.strip() for path in self.conf.get(key, "").split(",") if path.strip()]


def parse(arguments, takes_application=True):
    """Reads the options up to the application's name; what follows belongs to the application."""
    options = Options()
    given = {}
    load_defaults = False
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            options.application, options.arguments = word, rest
            options.of_spark += [word, *rest]
            break
        name, equals, value = word.partition("=")
        name = _ALIASES.get(name, name)
        if name == "--engine":
            options.engine = value if equals else _next(word, rest)
            if options.engine not in _ENGINES:
                raise UsageError(f"--engine {options.engine}: it must be one of {', '.join(_ENGINES)}")
            continue
        options.of_spark.append(word)
        if name in _FLAGS:
            if name == "--supervise":
                options.without_effect.append(name)
            load_defaults |= name == "--load-spark-defaults"
            options.verbose |= name == "--verbose"
            options.help |= name == "--help"
            options.version |= name == "--version"
            continue
        if name in _CLUSTER_COMMANDS and options.engine != "spark":
            raise UsageError(f"{name} speaks to a cluster manager, and there is none: a program ends with its command")
        if name not in _EFFECTIVE and name not in _WITHOUT_EFFECT and name not in _CLUSTER_COMMANDS:
            raise UsageError(f"Unrecognized option: {word}")
        if not equals:
            value = _next(word, rest)
            options.of_spark.append(value)
        if name not in _CLUSTER_COMMANDS:
            _take(options, given, name, value)
    if options.application and not takes_application:
        raise UsageError(f"Unexpected argument: {options.application}")
    options.conf = {**_file_settings(options.properties_file, load_defaults), **given}
    _check_master(options)
    return options


def _next(word, rest):
    if not rest:
        raise UsageError(f"Missing argument for option '{word}'.")
    return rest.pop(0)


def _take(options, given, name, value):
    if name == "--conf":
        key, equals, setting = value.partition("=")
        if not equals:
            raise UsageError(f"Spark config without '=': {value}")
        given[key.strip()] = setting.strip()
    elif name == "--properties-file":
        options.properties_file = value
    elif name in _EFFECTIVE:
        given[_EFFECTIVE[name]] = value
    else:
        options.without_effect.append(name)
        if _WITHOUT_EFFECT[name]:
            given[_WITHOUT_EFFECT[name]] = value


def _check_master(options):
    master = options.conf.get("spark.master", "local[*]")
    if not master.startswith(_MASTERS):
        raise UsageError("Master must either be yarn or start with spark, k8s, or local")
    if not master.startswith("local"):
        options.without_effect.append("--master " + master)


def _file_settings(properties_file, load_defaults):
    settings = {}
    if properties_file is None or load_defaults:
        folders = [os.environ.get("SPARK_CONF_DIR")]
        if os.environ.get("SPARK_HOME"):
            folders.append(os.path.join(os.environ["SPARK_HOME"], "conf"))
        for folder in filter(None, folders):
            defaults = os.path.join(folder, "spark-defaults.conf")
            if os.path.isfile(defaults):
                settings = _spark_settings(defaults)
                break
    if properties_file is not None:
        try:
            settings.update(_spark_settings(properties_file))
        except OSError as error:
            raise UsageError(f"Cannot read the properties file {properties_file}: {error.strerror}") from None
    return settings


def _spark_settings(path):
    settings = {}
    for key, value in read_properties(path).items():
        if key.startswith("spark."):
            settings[key] = value
        else:
            print(f"Warning: Ignoring non-Spark config property: {key}", file=sys.stderr)
    return settings


def report_without_effect(options):
    """One line for all options that nothing here can use."""
    if options.without_effect:
        names = ", ".join(dict.fromkeys(options.without_effect))
        verb = "have" if len(set(options.without_effect)) > 1 else "has"
        hint = "; --engine spark runs the program with Spark" if "--master" in names else ""
        print(f"sluice: {names} {verb} no effect here (no JVM, no cluster){hint}", file=sys.stderr)
