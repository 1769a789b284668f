"""Files that the tools themselves wrote, for the tests of the formats."""

import shutil
from pathlib import Path

FILES = Path(__file__).with_name("real_files")


def copied(name: str, folder: Path) -> Path:
    """A copy of a real file, or of a folder of them, in another folder."""
    source = FILES / name
    if source.is_dir():
        return Path(shutil.copytree(source, folder / source.name))
    return Path(shutil.copy(source, folder / source.name))
