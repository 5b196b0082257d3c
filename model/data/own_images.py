"""Images of a user's own as a data set: a folder of class folders.

Images are decoded one by one into a file without a name, as bytes (c, h, w), so that memory stays
flat. Those for the test are decoded too when the folder is read, since a damaged one is to be told
then; they are kept only when they are asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from model.data import array_file, image_files, image_folder, own_rows
from model.data.fold import Fold, counted
from model.data.image_files import Seen
from model.data.image_folder import Listed
from model.data.labelled import Labelled
from model.data.own import fingerprint_of, source_of
from model.data.own_rows import MOST_INPUTS
from model.data.regular import check_regular
from model.data.row_form import RowForm
from model.data.source import Source, plain_name
from model.data.splits import Part
from model.errors import DataFileError, ModelError

Colour = Literal["grey", "rgb"]
TARGET = "class"  # what the target is called
EXAMPLE = "size = [32, 32]"

_Files = Sequence[tuple[Path, int]]


@dataclass(frozen=True)
class OwnImages:
    """A folder of class folders of images, not read yet.

    Attributes:
        path: The folder.
        seed: Of the split.
        validation: A count or a share; None for the folder of validation images, where there is
            one, else `DEFAULT_PART`; 0 for none but those of that folder.
        test: Likewise.
        size: Height and width that images are scaled to; None where all have one size.
        colour: None for grey where no file can hold other colours, else rgb.
        scratch: Where images are decoded to; None for the system's place for temporary files.
        by_channel: Whether all pixels of a colour are standardised alike.
    """

    path: Path
    seed: int
    validation: Part | None = None
    test: Part | None = None
    size: tuple[int, int] | None = None
    colour: Colour | None = None
    scratch: Path | None = field(default=None, compare=False)
    by_channel: bool = False

    @property
    def name(self) -> str:
        """The folder's name as a data set's."""
        return plain_name(self.path.name, most=40)

    @property
    def files(self) -> str:
        """As `Own.files`."""
        return str(self.path)

    def fold(self) -> Fold:
        """As `Own.fold`."""
        fingerprint = self.fingerprint()
        listed = self._listed()
        form = self._form(listed)
        parts = self._parts(listed)
        seen = (*parts["training"], *parts["validation"])
        x = self._decoded(seen, form)
        for path, _ in parts["test"]:
            image_files.pixels(path, form.shape, scaled=self.size is not None)
        if self.fingerprint() != fingerprint:  # else other rows would be kept under its hash
            raise DataFileError(f"{self.path}: changed while it was read; try again")
        count = len(parts["training"])
        return Fold(
            name=self.name,
            classes=listed.classes,
            raw=Labelled(x, _labels(seen)),
            rows=(np.arange(count), np.arange(count, len(seen))),
            fingerprint=fingerprint,
            seed=self.seed,
            target_names=(TARGET,),
            shape=form.shape,
            channels_of=form.shape if self.by_channel else (),
            is_bounded=True,
            tested=counted(_labels(parts["test"]), listed.classes),
            notes=_notes(listed, form),
        )

    def source(self, classes: tuple[str, ...]) -> Source:
        """As `Own.source`."""
        return source_of(self, classes, self._test)

    def _test(self) -> Labelled:
        listed = self._listed()
        files = self._parts(listed)["test"]
        return Labelled(self._decoded(files, self._form(listed)), _labels(files))

    def fingerprint(self) -> str:
        """As `Own.fingerprint`."""
        files = [path for images in self._listed().parts.values() for path, _ in images]
        for path in files:
            check_regular(path, least=1, most=image_files.MOST_BYTES)
        said = ["images", self.validation, self.test, self.size, self.colour]
        said += ["by channel"] * self.by_channel
        named = [(path.relative_to(self.path).as_posix(), path) for path in files]
        try:
            return fingerprint_of(said, named)
        except OSError as error:
            raise DataFileError(f"{error.filename}: cannot be read ({error.strerror})") from error

    def _listed(self) -> Listed:
        listed = image_folder.listed(self.path)
        for part in ("validation", "test"):
            if part in listed.parts and getattr(self, part):
                raise ModelError(
                    f"{self.path}: has a folder for the {part}, and {part} is given too; leave out "
                    "one of them"
                )
        return listed

    def _form(self, listed: Listed) -> RowForm:
        """What every image becomes."""
        files = [path for images in listed.parts.values() for path, _ in images]
        known = self.size is not None and self.colour is not None
        seen = {} if known else {path: image_files.seen(path) for path in files}
        height, width = self.size or _one_size(seen)
        is_grey = all(one.is_grey for one in seen.values())
        if self.colour is not None:
            is_grey = self.colour == "grey"
        form = RowForm("image", (1 if is_grey else 3, height, width))
        if form.inputs > MOST_INPUTS:
            raise DataFileError(
                f"{self.path}: an image of {height} x {width} pixels has {form.inputs:,} numbers; "
                f"expected at most {MOST_INPUTS:,}, so give a smaller size, such as {EXAMPLE}"
            )
        return form

    def _parts(self, listed: Listed) -> dict[str, _Files]:
        """The images of each part, split as far as it has no folder of its own."""
        images = listed.parts["training"]
        places = own_rows.places_of(
            _labels(images),
            listed.parts,
            self.path,
            validation=self.validation,
            test=self.test,
            seed=self.seed,
        )
        split = {
            "training": [images[row] for row in places.training],
            "validation": [images[row] for row in places.validation],
            "test": [images[row] for row in places.test],
        }
        return {part: split[part] or listed.parts.get(part, ()) for part in split}

    def _decoded(self, files: _Files, form: RowForm) -> npt.NDArray[Any]:
        """The images, (n, d) uint8."""
        rows = (
            image_files.pixels(path, form.shape, scaled=self.size is not None) for path, _ in files
        )
        return array_file.temporary((len(files), form.inputs), "|u1", rows, self.scratch)


def _notes(listed: Listed, form: RowForm) -> tuple[str, ...]:
    colours, height, width = form.shape
    images, kind = sum(map(len, listed.parts.values())), "grey" if colours == 1 else "colour"
    found = [f"{images:,} images, as {kind} ones of {height} x {width} pixels"]
    found += [
        f"the {part} images have a folder of their own"
        for part in ("validation", "test")
        if part in listed.parts
    ]
    if listed.others:
        found.append(f"files that are no images were passed over: {listed.others:,}")
    return tuple(found)


def _one_size(seen: Mapping[Path, Seen]) -> tuple[int, int]:
    sizes = {path: (one.height, one.width) for path, one in seen.items()}
    first = next(iter(sizes.values()))
    for path, size in sizes.items():
        if size != first:
            raise DataFileError(
                f"{path}: has {size[0]} x {size[1]} pixels, and others have {first[0]} x "
                f"{first[1]}; give a size that all are scaled to, such as {EXAMPLE}"
            )
    return first


def _labels(files: _Files) -> npt.NDArray[np.int64]:
    return np.array([label for _, label in files], np.int64)
