"""Files as people upload them, as real bytes."""

import gzip
import io
import zipfile

HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)
ROWS = (
    "2024-05-01 12:00:00 UTC,view,1001,2053013555631882655,home.kettle,acme,489.00,7,s-1",
    "2024-05-01 12:00:40 UTC,view,1002,2053013555631882655,home.kettle,acme,99.50,7,s-1",
    "2024-05-01 12:01:10 UTC,cart,1002,2053013555631882655,home.kettle,acme,99.50,7,s-1",
    "2024-05-01 12:05:00 UTC,view,1003,2053013555631882656,,,12.00,8,s-2",
)
TEXT = "\n".join((HEADER, *ROWS)) + "\n"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
HTML = b"<!DOCTYPE html>\n<html><body><form action='login'></form></body></html>\n"


def zipped(content: bytes, name: str = "events.csv") -> bytes:
    """A zip archive of one file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def workbook() -> bytes:
    """What an .xlsx is: a zip archive with these entries."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return made.getvalue()


def bomb(size: int = 20 << 20) -> bytes:
    """Zeros, packed to a thousandth."""
    return zipped(b"0" * size)


def lying_bomb() -> bytes:
    """A zip whose entry says that it is small."""
    honest = bomb()
    size = (20 << 20).to_bytes(4, "little")
    return honest.replace(size, (1000).to_bytes(4, "little"))


def gz_bomb() -> bytes:
    """The same as .gz, which says nothing of its size."""
    return gzip.compress(b"0" * (20 << 20))
