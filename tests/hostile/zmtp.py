# SPDX-License-Identifier: Apache-2.0
"""A ZMTP 3.1 endpoint (NULL mechanism) on plain sockets, so that it can do what no library allows.

    with zmtp.connect('ipc:///run/tally/distributor.sock', b'my-routing-id') as peer:
        peer.send([header, body])
        frames = peer.receive(seconds=1)

By default it is an honest DEALER or ROUTER. Whoever wants to break the framing sends bytes of its
own with push(), or leaves out the greeting (`greet=False`) and says as much of it as it likes, with
GREETING, ready(), frame() and command(). See https://rfc.zeromq.org/spec/37/.
"""

import os
import select
import socket
import struct
import time
import urllib.parse

GREETING = b'\xff' + bytes(8) + b'\x7f' + b'\x03\x01' + b'NULL'.ljust(20, b'\0') + b'\0' + bytes(31)
MORE, LONG, COMMAND = 1, 2, 4
READ_BYTES = 1 << 18
CONNECT_SECONDS = 5
SEND_SECONDS = 5


class Closed(Exception):
    """The other side ended the connection."""


class Late(Exception):
    """The other side did not say in time what it must say."""


# ---- bytes

def frame(body, flags=0):
    if len(body) < 256:
        return bytes((flags & ~LONG, len(body))) + body
    return struct.pack('>BQ', flags | LONG, len(body)) + body


def frame_head(size, flags=0):
    """The head of a frame that claims to be so long, whatever follows."""
    return struct.pack('>BQ', flags | LONG, size)


def message(frames):
    """All frames of the message, as they travel."""
    return b''.join(frame(body, MORE) for body in frames[:-1]) + frame(frames[-1])


def command(name, content=b''):
    return frame(bytes((len(name),)) + name + content, COMMAND)


def ready(socket_type, routing_id=b''):
    def of(name, value):
        return bytes((len(name),)) + name + struct.pack('>I', len(value)) + value
    return command(b'READY', of(b'Socket-Type', socket_type) + of(b'Identity', routing_id))


# ---- sockets

def wait_for(connection, event, seconds):
    """Returns whether the event happens in time. (select() knows only the first 1,024 descriptors.)
    """
    poll = select.poll()
    poll.register(connection, event)
    return bool(poll.poll(max(0, seconds) * 1000))


def open_socket(endpoint, source=None, seconds=CONNECT_SECONDS):
    """Returns a connected socket, from this address, to an ipc:// or tcp:// endpoint (or to
    http://, for those who speak to the bridge)."""
    scheme, _, place = endpoint.partition('://')
    if scheme == 'ipc':
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO,
                              struct.pack('ll', int(seconds), 0))
        try:
            # Waits at most so long for a place in the queue of the listener.
            connection.connect(place)
        except OSError:
            connection.close()
            raise
        return connection
    address = urllib.parse.urlsplit(f'//{place}')
    return socket.create_connection((address.hostname, address.port), seconds,
                                    (source, 0) if source else None)


def connect(endpoint, routing_id=b'', socket_type=b'DEALER', greet=True):
    peer = Peer(open_socket(endpoint))
    if greet:
        try:
            peer.greet(socket_type, routing_id)
        except BaseException:
            peer.close()
            raise
    return peer


class Closing:
    """Something that is closed at the end of its `with`."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Listener(Closing):
    """A bound ROUTER. On ipc it takes the path over from whoever has bound it before, who hears of
    no new connection then."""

    def __init__(self, endpoint):
        scheme, _, place = endpoint.partition('://')
        if scheme == 'ipc':
            if os.path.exists(place):
                os.unlink(place)
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.bind(place)
        else:
            address = urllib.parse.urlsplit(f'//{place}')
            self.socket = socket.create_server((address.hostname, address.port))
        self.socket.listen(64)

    def accept(self, seconds):
        """Returns the next peer that has greeted, or None if there is none in time."""
        self.socket.settimeout(seconds)
        try:
            peer = Peer(self.socket.accept()[0])
        except socket.timeout:
            return None
        try:
            peer.greet(b'ROUTER', b'')
        except (Closed, Late):
            peer.close()
            return None
        return peer

    def close(self):
        self.socket.close()


class Peer(Closing):
    """One connection. `metadata` is what the other side said in its READY."""

    def __init__(self, connection):
        connection.setblocking(False)
        self.socket = connection
        self.metadata = {}
        self.coming = bytearray()
        self.leaving = memoryview(b'')

    def greet(self, socket_type, routing_id):
        self.push(GREETING + ready(socket_type, routing_id))
        end = time.monotonic() + CONNECT_SECONDS
        while len(self.coming) < len(GREETING):
            self._read(end)
        if self.coming[0] != 0xff or self.coming[10] < 3:
            raise Closed('no ZMTP 3')
        del self.coming[:len(GREETING)]
        while not self.metadata:
            self._take(end)

    # ---- out

    def push(self, data, seconds=SEND_SECONDS):
        """Sends bytes as they are. Returns False if not all of them left in time; then the rest
        goes first the next time."""
        self.leaving = memoryview(bytes(self.leaving) + data) if self.leaving else memoryview(data)
        end = time.monotonic() + seconds
        while self.leaving:
            try:
                self.leaving = self.leaving[self.socket.send(self.leaving):]
            except BlockingIOError:
                remaining = end - time.monotonic()
                if remaining <= 0:
                    return False
                wait_for(self.socket, select.POLLOUT, remaining)
            except OSError as error:
                raise Closed(str(error)) from error
        return True

    def send(self, frames, seconds=SEND_SECONDS):
        return self.push(message(frames), seconds)

    # ---- in

    def receive(self, seconds=0.0):
        """Returns the frames of the next message, or None if there is none in time. Commands are
        carried out."""
        end = time.monotonic() + seconds
        frames = []
        while True:
            try:
                flags, body = self._take(end)
            except Late:
                return None  # perhaps half a message was read, which is lost then
            if flags & COMMAND:
                continue
            frames.append(body)
            if not flags & MORE:
                return frames

    def drain(self):
        """Throws away what has come. Returns how many bytes that was."""
        thrown = len(self.coming)
        self.coming.clear()
        while True:
            try:
                data = self.socket.recv(READ_BYTES)
            except BlockingIOError:
                return thrown
            except OSError as error:
                raise Closed(str(error)) from error
            if not data:
                raise Closed
            thrown += len(data)

    def wait_closed(self, seconds):
        """Returns whether the other side ends the connection in time."""
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                wait_for(self.socket, select.POLLIN, end - time.monotonic())
                self.drain()
        except Closed:
            return True
        return False

    def _read(self, end):
        remaining = end - time.monotonic()
        if not wait_for(self.socket, select.POLLIN, remaining):
            raise Late
        try:
            data = self.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed
        self.coming += data

    def _need(self, size, end):
        while len(self.coming) < size:
            self._read(end)

    def _take(self, end):
        """Returns one frame: its flags and its body."""
        self._need(2, end)
        flags = self.coming[0]
        if flags & LONG:
            self._need(9, end)
            start, size = 9, struct.unpack_from('>Q', self.coming, 1)[0]
        else:
            start, size = 2, self.coming[1]
        self._need(start + size, end)
        body = bytes(self.coming[start:start + size])
        del self.coming[:start + size]
        if flags & COMMAND:
            self._obey(body)
        return flags, body

    def _obey(self, body):
        name, content = body[1:1 + body[0]], body[1 + body[0]:]
        if name == b'PING':
            self.push(command(b'PONG', content[2:]))
        elif name == b'ERROR':
            raise Closed(content[1:].decode(errors='replace'))
        elif name == b'READY':
            self.metadata = {b'Socket-Type': b''}
            while content:
                name, content = content[1:1 + content[0]], content[1 + content[0]:]
                size = struct.unpack_from('>I', content)[0]
                self.metadata[name], content = content[4:4 + size], content[4 + size:]

    def close(self):
        self.socket.close()
