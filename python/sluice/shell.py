"""`sluice shell`: a Python prompt with `spark`, or a script followed by the prompt."""
import platform
import sys
import types

from sluice import options as command_line
from sluice import submit
from sluice.server_process import ServerError

GREETING = r"""Welcome to
   ____ __      _
  / __// /_ __ (_)___ ___
 _\ \ / // // // // _// -_)
/___//_/ \_,_//_/ \__/ \__/   version {version}, speaking Spark {spark}

Using Python version {python} ({build}, {date})
SparkContext available as 'sc' (master = {master}, app id = {id}).
SparkSession available as 'spark'."""

HELP = "usage: sluice shell [options] [-i script.py]\n\n  -i FILE                     run the file before the prompt\n"


def main(arguments):
    script = None
    arguments = list(arguments)
    if "-i" in arguments[:-1]:
        at = arguments.index("-i")
        script = arguments[at + 1]
        del arguments[at:at + 2]
    try:
        options = command_line.parse(arguments)
        if options.help:
            print(HELP + command_line.HELP, end="")
            return 0
        if options.version:
            from sluice.cli import version

            print(version())
            return 0
        application = submit.prepare(options, "PySparkShell", [""])
    except (command_line.UsageError, ServerError) as error:
        print(f"sluice: {error}", file=sys.stderr)
        return 1
    sys.argv = [options.application or "", *options.arguments]
    namespace = _make_session()
    print(_greeting(application, namespace), flush=True)
    script = script or options.application
    if script and not _run_file(script, namespace):
        return 1
    return _prompt(namespace)


def _make_session():
    """The names of the prompt, in a module of their own, so that functions pickle as in a script."""
    from pyspark.sql import SparkSession

    module = types.ModuleType("__main__")
    module.__builtins__ = __builtins__
    sys.modules["__main__"] = module
    spark = SparkSession.builder.getOrCreate()
    namespace = module.__dict__
    namespace.update(spark=spark, sc=spark.sparkContext, sql=spark.sql)
    return namespace


def _greeting(application, namespace):
    from importlib.metadata import version

    from sluice import __version__

    context = namespace["sc"]
    return GREETING.format(version=__version__, spark=version("pyspark-client"), python=platform.python_version(),
                           build=platform.python_build()[0], date=platform.python_build()[1], master=context.master,
                           id=application.id)


def _run_file(script, namespace):
    try:
        with open(script, "rb") as file:
            code = compile(file.read(), script, "exec", dont_inherit=True)
    except (OSError, SyntaxError) as error:
        print(f"sluice: {error}", file=sys.stderr)
        return False
    namespace["__file__"] = script
    return submit.run_code(code, namespace) == 0 or sys.stdin.isatty()


def _prompt(namespace):
    if not sys.stdin.isatty():
        source = sys.stdin.read()
        try:
            code = compile(source, "<stdin>", "exec", dont_inherit=True)
        except SyntaxError as error:
            sys.excepthook(type(error), error, None)
            return 1
        return submit.run_code(code, namespace)
    import code as interactive

    try:
        import readline
        import rlcompleter

        readline.set_completer(rlcompleter.Completer(namespace).complete)
        readline.parse_and_bind("tab: complete")
        _keep_history(readline)
    except ImportError:
        pass  # a Python without readline has a plain prompt
    interactive.interact(banner="", local=namespace, exitmsg="")
    return 0


def _keep_history(readline):
    """The lines of earlier prompts, as Python's own prompt keeps them."""
    import atexit
    import contextlib
    import os

    file = os.path.expanduser("~/.python_history")
    with contextlib.suppress(OSError):
        readline.read_history_file(file)

    def write():
        with contextlib.suppress(OSError):
            readline.write_history_file(file)

    atexit.register(write)
