"""Protobuf's wire format, written and read by field number: enough for CRI's messages, and independent of the service's own."""


def varint(number):
    number &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def message(fields):
    """`fields`: number -> value. An int (or bool) is a varint, a str or bytes stands for itself, a dict with numbers as keys is a
    message, one with texts as keys a map; a list repeats the field,
    and None leaves it out."""
    out = bytearray()
    for number, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if one is None:
                continue
            if isinstance(one, dict) and any(isinstance(key, str) for key in one):
                for key, text in one.items():
                    entry = message({1: key, 2: text})
                    out += varint(number << 3 | 2) + varint(len(entry)) + entry
            elif isinstance(one, int):
                out += varint(number << 3) + varint(int(one))
            else:
                data = message(one) if isinstance(one, dict) else one.encode() if isinstance(one, str) else one
                out += varint(number << 3 | 2) + varint(len(data)) + data
    return bytes(out)


def read_varint(data, at):
    number, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, at


def fields(data):
    """number -> list of values, in order: ints, and bytes for texts and messages."""
    found, at = {}, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = read_varint(data, at)
        elif kind == 2:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = {1: 8, 5: 4}[kind]
            value, at = data[at:at + size], at + size
        found.setdefault(tag >> 3, []).append(value)
    return found
