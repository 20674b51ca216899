# SPDX-License-Identifier: GPL-3.0-or-later
"""A session bus of a test's own, and a bare D-Bus client for what busctl and gdbus would not send.

The client speaks the wire itself (D-Bus specification, "Message Protocol"; little endian), so that it can send wrong
types, floods without waiting, and leave in the middle.
"""

import os
import shutil
import socket
import struct
import subprocess
import tempfile

from harness import Process, Skip, check, clean_environment, read_line, wait_until

NAME = 'io.github.sluice.Gateway1'
PATH = '/io/github/sluice/Gateway1'
ERRORS = NAME + '.Error.'

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
_ALIGN = {**dict.fromkeys('gvy', 1), **dict.fromkeys('souiba', 4), **dict.fromkeys('txd({', 8)}
_PLAIN = {'u': 'I', 'i': 'i', 'b': 'I', 'y': 'B', 't': 'Q', 'x': 'q', 'd': 'd'}


class Bus:
    """dbus-daemon at an address that stays the same when it is started again."""

    def __init__(self):
        for program in ('dbus-daemon', 'busctl', 'gdbus', 'dbus-monitor'):
            if shutil.which(program) is None:
                raise Skip(f'no {program}')
        self.directory = tempfile.mkdtemp(prefix='sluice-bus-')
        self.address = f'unix:path={self.directory}/bus'
        self.environment = {**clean_environment(), 'DBUS_SESSION_BUS_ADDRESS': self.address}
        # the system's programs run with the system's libraries, also where the daemon has others
        self.environment.pop('LD_LIBRARY_PATH', None)
        self.process = None
        self.start()

    def start(self):
        self.process = Process(['dbus-daemon', '--session', '--nofork', f'--address={self.address}',
                                '--print-address=1'], self.environment, self.directory, stdout=subprocess.PIPE)
        check(read_line(self.process.process.stdout, 10) != '', f'no bus: {self.process.log()}')

    def stop(self):
        self.process.end()

    def run(self, *arguments, seconds=20):
        """Runs a program on this bus. Its status, output and complaints."""
        result = subprocess.run(arguments, env=self.environment, capture_output=True, text=True, timeout=seconds,
                                stdin=subprocess.DEVNULL, check=False)
        return result.returncode, result.stdout.strip(), result.stderr.strip()

    def busctl(self, *arguments):
        return self.run('busctl', '--user', *arguments)

    def wait_for_gateway(self):
        """Until it answers: that is after its name is there."""
        wait_until(lambda: self.busctl('get-property', NAME, PATH, NAME, 'State')[0] == 0, 10, 'the gateway on the bus')

    def gdbus(self, method, *arguments):
        return self.run('gdbus', 'call', '--session', '--dest', NAME, '--object-path', PATH, '--method', method,
                        *arguments)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.end()
        shutil.rmtree(self.directory, ignore_errors=True)


def _next_type(signature):
    """The first complete type of @signature, and the rest."""
    if signature[0] == 'a':
        first, rest = _next_type(signature[1:])
        return 'a' + first, rest
    if signature[0] in '({':
        depth = 0
        for index, char in enumerate(signature):
            depth += (char in '({') - (char in ')}')
            if depth == 0:
                return signature[:index + 1], signature[index + 1:]
    return signature[0], signature[1:]


def _put(out, kind, value):
    out.extend(b'\0' * (-len(out) % _ALIGN[kind[0]]))
    if kind in _PLAIN:
        out.extend(struct.pack('<' + _PLAIN[kind], value))
    elif kind in 'so':
        data = value if isinstance(value, bytes) else value.encode()
        out.extend(struct.pack('<I', len(data)) + data + b'\0')
    elif kind == 'g':
        out.extend(bytes([len(value)]) + value.encode() + b'\0')
    elif kind == 'v':
        _put(out, 'g', value[0])
        _put(out, value[0], value[1])
    elif kind[0] == 'a':
        place = len(out)
        out.extend(b'\0\0\0\0')
        out.extend(b'\0' * (-len(out) % _ALIGN[kind[1]]))
        begin = len(out)
        for item in value.items() if isinstance(value, dict) else value:
            _put(out, kind[1:], item)
        struct.pack_into('<I', out, place, len(out) - begin)
    else:
        rest = kind[1:-1]
        for item in value:
            first, rest = _next_type(rest)
            _put(out, first, item)


def marshal(signature, values):
    out = bytearray()
    for value in values:
        first, signature = _next_type(signature)
        _put(out, first, value)
    return bytes(out)


def _texts(data, offset, end):
    """The header fields from @offset on: code -> value, of the types that headers have."""
    fields = {}
    while offset < end:
        offset += -offset % 8
        code, kind = data[offset], chr(data[offset + 2])
        offset += 4
        if kind in 'so':
            offset += -offset % 4
            length = struct.unpack_from('<I', data, offset)[0]
            fields[code] = data[offset + 4:offset + 4 + length].decode()
            offset += 5 + length
        elif kind == 'u':
            offset += -offset % 4
            fields[code] = struct.unpack_from('<I', data, offset)[0]
            offset += 4
        else:
            length = data[offset]
            fields[code] = data[offset + 1:offset + 1 + length].decode()
            offset += 2 + length
    return fields


class Client:
    """One connection."""

    def __init__(self, bus, seconds=20.0):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(seconds)
        self.socket.connect(bus.address.removeprefix('unix:path='))
        self.file = self.socket.makefile('rb')
        uid = str(os.getuid()).encode().hex()
        self.socket.sendall(b'\0AUTH EXTERNAL ' + uid.encode() + b'\r\n')
        check(self.file.readline().startswith(b'OK '), 'not authenticated')
        self.socket.sendall(b'BEGIN\r\n')
        self.serial = 0
        self.call('Hello', interface='org.freedesktop.DBus', path='/org/freedesktop/DBus', to='org.freedesktop.DBus')

    def message(self, method, signature='', values=(), interface=NAME, path=PATH, to=NAME, flags=2):
        self.serial += 1
        body = marshal(signature, values)
        fields = [(1, ('o', path)), (2, ('s', interface)), (3, ('s', method)), (6, ('s', to))]
        if signature:
            fields.append((8, ('g', signature)))
        head = bytearray(b'l' + bytes([CALL, flags, 1]) + struct.pack('<II', len(body), self.serial))
        _put(head, 'a(yv)', fields)
        head.extend(b'\0' * (-len(head) % 8))
        return bytes(head) + body

    def send(self, *arguments, **options):
        """Sends a call and does not wait. Its serial."""
        self.socket.sendall(self.message(*arguments, **options))
        return self.serial

    def receive(self):
        """The next answer: serial of the call, name of the error or None, its text or the first text of the body."""
        while True:
            head = self.file.read(16)
            check(len(head) == 16, 'the bus closed the connection')
            body_length, _, fields_length = struct.unpack_from('<III', head, 4)
            rest = self.file.read(fields_length + -fields_length % 8 + body_length)
            if head[1] not in (RETURN, ERROR):
                continue
            fields = _texts(head + rest, 16, 16 + fields_length)
            body = rest[len(rest) - body_length:]
            text = ''
            if fields.get(8, '').startswith('s'):
                text = body[4:4 + struct.unpack_from('<I', body)[0]].decode()
            return fields[5], fields.get(4), text

    def call(self, *arguments, **options):
        """Sends a call and waits: name of the error or None, and the text."""
        serial = self.send(*arguments, **options)
        while True:
            found, error, text = self.receive()
            if found == serial:
                return error, text

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
