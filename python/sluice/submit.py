"""`sluice submit`: runs a PySpark program in this process, against a server of its own."""
import glob
import io
import os
import sys
import types
from urllib.parse import unquote, urlsplit

from sluice import options as command_line
from sluice import spark_engine
from sluice.application import Application
from sluice.server_process import ServerError

INTERRUPTED = 130


def main(arguments):
    try:
        options = command_line.parse(arguments)
        if options.help:
            print("usage: sluice submit [options] app.py [arguments...]\n\n" + command_line.HELP, end="")
            return 0
        if options.version:
            from sluice.cli import version

            print(version())
            return 0
        if options.engine == "spark":
            spark_engine.run(options.of_spark, options.conf.get("spark.master", "local[*]"))
        script = _script(options)
        application = prepare(options, os.path.basename(script), [os.path.dirname(os.path.realpath(script))])
    except (command_line.UsageError, ServerError, spark_engine.NoSpark) as error:
        print(f"sluice: {error}", file=sys.stderr)
        return 1
    if options.verbose:
        describe(options, application)
    unbuffer_output()
    return run_script(script, options.arguments)


def prepare(options, name, path=()):
    """Starts an application with what the command line says; `path` goes first on the Python path."""
    command_line.report_without_effect(options)
    options.conf.setdefault("spark.app.name", name)
    options.conf.setdefault("spark.master", "local[*]")
    drop_classic_pyspark()
    python_path = [*path, *python_files(options.paths("spark.submit.pyFiles"))]
    # Python itself put the command's folder first, unless it was told not to.
    sys.path[: 0 if getattr(sys.flags, "safe_path", False) else 1] = python_path
    application = Application(options.conf, python_path + inherited_path())
    for file in local_files("--files", options.paths("spark.files")):
        application.files.add(file)
    for archive in local_files("--archives", options.paths("spark.archives")):
        application.files.add_archive(archive)
    application.start()
    return application


def _script(options):
    script = options.application
    if script is None:
        raise command_line.UsageError("Missing application resource.")
    scheme = urlsplit(script).scheme
    if scheme == "file":
        script = unquote(urlsplit(script).path)
    if not script.endswith(".py"):
        raise command_line.UsageError(f"{script} is not a Python program (.py); there is no JVM to run another kind")
    if not os.path.isfile(script):
        raise command_line.UsageError(f"{script} does not exist")
    return script


def local_files(option, paths):
    """The files that the paths name, wildcards expanded; each must exist on this machine."""
    for path in paths:
        address, hash_sign, name = path.partition("#")
        scheme = urlsplit(address).scheme
        if scheme in ("file", "local"):
            address = unquote(urlsplit(address).path)
        elif scheme:
            raise command_line.UsageError(f"{option} {path}: only files of this machine can be used")
        found = sorted(glob.glob(address)) or [address]
        for file in found:
            if not os.path.exists(file):
                raise command_line.UsageError(f"{option}: {file} does not exist")
            yield os.path.abspath(file) + hash_sign + name


def python_files(paths):
    """Entries for the Python path: archives as they are, single modules through a folder that holds only them."""
    import shutil
    import tempfile

    entries, modules = [], []
    for file in local_files("--py-files", paths):
        if file.endswith(".py"):
            modules.append(file)
        elif file.endswith((".zip", ".egg", ".whl", ".jar")) or os.path.isdir(file):
            entries.append(file)
        else:
            raise command_line.UsageError(f"--py-files: {file} is no .zip, .egg, .whl or .py file")
    if modules:
        folder = tempfile.TemporaryDirectory(prefix="sluice-modules-")
        _kept.append(folder)
        for module in modules:
            shutil.copy2(module, folder.name)
        entries.insert(0, folder.name)
    return entries


_kept = []


def inherited_path():
    """PYTHONPATH as this process got it: the workers need it too."""
    return [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]


def drop_classic_pyspark():
    """A PYTHONPATH that leads to a classic PySpark (as Spark's own scripts set) would hide the client."""
    variable = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    classic = [entry for entry in variable if entry and os.path.isdir(os.path.join(entry, "pyspark", "core"))]
    if classic:
        os.environ["PYTHONPATH"] = os.pathsep.join(entry for entry in variable if entry not in classic)
        sys.path[:] = [entry for entry in sys.path if entry not in classic]


def unbuffer_output():
    """As spark-submit does (PYTHONUNBUFFERED), so that prints and the console sink stay in order."""
    os.environ["PYTHONUNBUFFERED"] = "YES"
    if sys.stdout is not None:
        sys.stdout.flush()
        sys.stdout = io.TextIOWrapper(open(1, "wb", 0, closefd=False), encoding=sys.stdout.encoding,
                                      errors=sys.stdout.errors, write_through=True)


def run_script(script, arguments):
    """Runs the file as `python script.py arguments...` would; gives the exit status of an uncaught exception."""
    sys.argv = [script, *arguments]
    module = types.ModuleType("__main__")
    module.__file__ = script
    module.__builtins__ = __builtins__
    sys.modules["__main__"] = module
    try:
        with open(script, "rb") as file:
            code = compile(file.read(), script, "exec", dont_inherit=True)
    except SyntaxError as error:
        sys.excepthook(type(error), error, None)
        return 1
    return run_code(code, module.__dict__)


def run_code(code, namespace):
    try:
        exec(code, namespace)
    except KeyboardInterrupt as error:
        _report(error)
        return INTERRUPTED
    except SystemExit:
        raise
    except BaseException as error:
        _report(error)
        return 1
    return 0


def _report(error):
    """Prints the traceback without this file's frames at its start."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    sys.excepthook(type(error), error.with_traceback(traceback), traceback)


def describe(options, application):
    """--verbose: what was understood, on stderr."""
    print(f"Using properties file: {options.properties_file}\nParsed arguments:", file=sys.stderr)
    for key in sorted(application.conf):
        print(f"  {key:<32}{_shown(key, application.conf[key])}", file=sys.stderr)
    print(f"  {'primaryResource':<32}{options.application}\n  {'childArgs':<32}{options.arguments}\n"
          f"  {'python':<32}{sys.executable}\n  {'pythonPath':<32}{application.python_path}", file=sys.stderr)


def _shown(key, value):
    secret = any(word in key.lower() for word in ("secret", "password", "token", "access.key"))
    return "*********(redacted)" if secret else value
