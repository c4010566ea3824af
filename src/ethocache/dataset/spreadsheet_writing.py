"""Write one sheet as an Excel workbook, the same bytes for the same cells."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from ethocache.common.files import replacing

Cell = str | float
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip file can say
_HISTORY = "docProps/core.xml"  # who wrote it when
_NOBODY = '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>'


def write_sheet(path: Path, title: str, rows: Iterable[Sequence[Cell]]) -> None:
    """Write rows as the only sheet of a workbook; text stays text, also where it looks like a formula.

    Parameters
    ----------
    title
        The sheet's name, at most 31 characters.
    """
    from openpyxl import Workbook  # slow to import, and most labs have CSV
    from openpyxl.cell import WriteOnlyCell

    book, packed = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet(title)
    for row in rows:
        cells = [WriteOnlyCell(sheet, value) for value in row]
        for cell, value in zip(cells, row, strict=True):
            cell.data_type = "s" if isinstance(value, str) else cell.data_type
        sheet.append(cells)
    book.save(packed)
    with replacing(path) as temporary, zipfile.ZipFile(packed) as source, zipfile.ZipFile(temporary, "w") as target:
        for part in source.namelist():
            content = _NOBODY.encode() if part == _HISTORY else source.read(part)
            target.writestr(zipfile.ZipInfo(part, _EARLIEST), content, zipfile.ZIP_DEFLATED)
