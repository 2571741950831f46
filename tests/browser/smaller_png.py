"""Writes a screenshot again without what a picture in the documentation does not need: as small as text and flat colours can be."""

import collections
import struct
import zlib

COLOURS = 256


def _chunks(data):
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8:at + 8 + length]
        at += 12 + length


def _chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _paeth(left, above, corner):
    guess = left + above - corner
    distances = abs(guess - left), abs(guess - above), abs(guess - corner)
    return (left, above, corner)[distances.index(min(distances))]


def _rows(packed, stride, pixel):
    """The rows of an image of 8 bits a channel, without filters."""
    before = bytearray(stride)
    for start in range(0, len(packed), stride + 1):
        kind, row = packed[start], bytearray(packed[start + 1:start + 1 + stride])
        if kind:
            for i in range(stride):
                left, corner = (row[i - pixel], before[i - pixel]) if i >= pixel else (0, 0)
                above = before[i]
                row[i] = (row[i] + (left, above, (left + above) // 2, _paeth(left, above, corner))[kind - 1]) & 255
        yield bytes(row)
        before = row


def smaller(data):
    """The same picture with the 256 colours that are most of it; others become the nearest of them."""
    chunks = list(_chunks(data))
    width, height, depth, kind = struct.unpack_from(">IIBB", chunks[0][1])
    if depth != 8 or kind not in (2, 6):
        raise ValueError(f"a screenshot of depth {depth} and kind {kind}")
    pixel = 3 if kind == 2 else 4
    packed = zlib.decompress(b"".join(content for name, content in chunks if name == b"IDAT"))
    rows = [[row[at:at + 3] for at in range(0, width * pixel, pixel)] for row in _rows(packed, width * pixel, pixel)]
    counted = collections.Counter(colour for row in rows for colour in row)
    palette = [colour for colour, _ in counted.most_common(COLOURS)]
    place = {colour: at for at, colour in enumerate(palette)}
    for colour in counted:
        if colour not in place:
            place[colour] = min(range(len(palette)), key=lambda at, of=colour: sum((a - b) ** 2 for a, b in zip(palette[at], of)))
    image = b"".join(b"\0" + bytes(place[colour] for colour in row) for row in rows)
    return (data[:8] + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)) + _chunk(b"PLTE", b"".join(palette))
            + _chunk(b"IDAT", zlib.compress(image, 9)) + _chunk(b"IEND", b""))
