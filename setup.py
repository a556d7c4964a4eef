"""Builds the server with CMake when the package is built; an editable install uses the one of `make build`."""
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithServer(build_py):
    def run(self):
        super().run()
        if not self.editable_mode:
            self.install_server(Path(self.build_lib) / "sluice" / "bin")

    def install_server(self, target):
        """Builds it in the clone's release build, if there is one, and puts it where it finds the installed pyarrow."""
        release, wheel = ROOT / "build" / "release", ROOT / "build" / "wheel"
        build = release if (release / "build.ninja").exists() else wheel
        commands = [["cmake", "--build", build, "--target", "sluice-server"],
                    ["cmake", "--install", build, "--prefix", target.resolve(), "--strip"]]
        if build == wheel:  # pip may build with a Python that is gone afterwards
            commands.insert(0, ["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                                f"-DSLUICE_PYTHON={sys.executable}", "-DSLUICE_TESTS=OFF"])
        try:
            for command in commands:
                subprocess.run([str(word) for word in command], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"the server could not be built ({error}); `tools/setup.sh packages` installs what it needs")


class PlatformDistribution(Distribution):
    """The package holds a program, so its wheel is for one platform."""

    def has_ext_modules(self):
        return True


setup(cmdclass={"build_py": BuildWithServer}, distclass=PlatformDistribution)
