"""The smallest .xls that is one: BIFF8 records in an OLE file, as no kept library writes them."""

import struct

SECTOR = 512
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def xls_bytes(rows, merges=(), *, hidden_rows=(), hidden_columns=(), name="台账"):
    """Return a workbook of one sheet; a merge is (first row, last row, first column, last one)."""
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    width = max(map(len, rows))
    sheet += record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for column in hidden_columns:
        sheet += record(0x007D, struct.pack("<HHHHHH", column, column, 2048, 0, 1, 0))
    for at in hidden_rows:
        sheet += record(0x0208, struct.pack("<HHHHHHHH", at, 0, width, 255, 0, 0, 0x20, 0))
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell == "#DIV/0!":
                sheet += record(0x0205, struct.pack("<HHHBB", at, column, 0, 7, 1))
            elif isinstance(cell, str) and cell:
                text = struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le")
                sheet += record(0x0204, struct.pack("<HHH", at, column, 0) + text)
            elif not isinstance(cell, str) and cell is not None:
                sheet += record(0x0203, struct.pack("<HHHd", at, column, 0, cell))
    if merges:
        packed = b"".join(struct.pack("<HHHH", *merge) for merge in merges)
        sheet += record(0x00E5, struct.pack("<H", len(merges)) + packed)
    sheet += record(0x000A, b"")
    title = struct.pack("<BB", len(name), 1) + name.encode("utf-16-le")
    opening = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    opening += record(0x0042, struct.pack("<H", 1200))
    start = len(opening) + 4 + 6 + len(title) + 4
    bound = record(0x0085, struct.pack("<IBB", start, 0, 0) + title)
    return ole_bytes({"Workbook": opening + bound + record(0x000A, b"") + sheet})


def record(number, content):
    return struct.pack("<HH", number, len(content)) + content


def ole_bytes(streams):
    """Return an OLE compound file of streams up to some 60 kB together."""
    fat, sectors, entries = [FAT_SECTOR, END], [], []
    for name, content in streams.items():
        padded = content.ljust(max(4096, -(-len(content) // SECTOR) * SECTOR), b"\0")
        first, n = len(fat), len(padded) // SECTOR
        fat += [*range(first + 1, first + n), END]
        sectors.append(padded)
        entries.append(entry(name, 2, first, len(padded)))
    root = entry("Root Entry", 5, END, 0, child=1)
    directory = b"".join([root, *entries]).ljust(SECTOR, b"\0")
    table = struct.pack(f"<{SECTOR // 4}I", *fat, *[FREE] * (SECTOR // 4 - len(fat)))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0)
    header += struct.pack("<109I", 0, *[FREE] * 108)
    return header + table + directory + b"".join(sectors)


def entry(name, kind, first, size, child=FREE):
    encoded = (name + "\0").encode("utf-16-le")
    content = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
    content += struct.pack("<III", FREE, FREE, child) + bytes(36)
    return content + struct.pack("<IQ", first, size)
