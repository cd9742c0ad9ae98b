"""Check what is inside the built distributions: python check_dist.py WHEEL SDIST WHEEL_MADE_FROM_SDIST."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path


def list_wheel(path: str) -> set[str]:
    """Return the names of the files in a wheel, without its metadata folder."""
    with zipfile.ZipFile(path) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def list_sdist(path: str) -> set[str]:
    """Return the names of the files in a source distribution, relative to its top folder."""
    with tarfile.open(path) as archive:
        return {member.name.split("/", 1)[1] for member in archive.getmembers() if member.isfile()}


def list_tracked(*folders: str) -> set[str]:
    """Return the files that git tracks in these folders."""
    listed = subprocess.run(["git", "ls-files", "-z", "--", *folders], check=True, capture_output=True, text=True)
    return {name for name in listed.stdout.split("\0") if name and Path(name).exists()}


def check(wheel: str, sdist: str, rebuilt: str) -> list[str]:
    """Return one line for each thing that is wrong with the three distributions."""
    package, tests = list_tracked("spacy_biomedplm"), list_tracked("tests")
    in_wheel, in_sdist = list_wheel(wheel), list_sdist(sdist)
    rules = {
        "tracked files of the package that the wheel lacks": package - in_wheel,
        "files of the wheel that are not tracked files of the package": in_wheel - package,
        "tracked files that the source distribution lacks": (package | tests | {"setup.py", "LICENSE"}) - in_sdist,
        "files that differ between the wheel and the one made from the source distribution": in_wheel
        ^ list_wheel(rebuilt),
    }
    return [f"{rule}: {', '.join(sorted(names))}" for rule, names in rules.items() if names]


if __name__ == "__main__":
    problems = check(*sys.argv[1:4])
    sys.exit("\n".join(problems) if problems else 0)
