"""Builds the server with CMake when the package is built; an editable install uses the one of `make build`."""
import os
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
            self.build_server(Path(self.build_lib) / "sluice" / "bin" / "sluice-server")

    def build_server(self, target):
        build = ROOT / "build" / "wheel"
        configure = ["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                     f"-DSLUICE_PYTHON={sys.executable}", "-DSLUICE_TESTS=OFF", "-DSLUICE_RELOCATABLE=ON"]
        try:
            subprocess.run([*map(str, configure)], check=True)
            subprocess.run(["cmake", "--build", str(build), "--target", "sluice-server"], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"the server could not be built ({error}); `tools/setup.sh packages` installs what it needs")
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["strip", "-o", str(target), str(build / "sluice-server")], check=True)
        os.chmod(target, 0o755)


class PlatformDistribution(Distribution):
    """The package holds a program, so its wheel is for one platform."""

    def has_ext_modules(self):
        return True


setup(cmdclass={"build_py": BuildWithServer}, distclass=PlatformDistribution)
