"""Networks that break: a gate that swallows what it should pass on, and a network namespace whose cable
is pulled."""

import contextlib
import os
import socket
import subprocess
import threading

IP = "/usr/sbin/ip"


class Gate:
    """Passes TCP connections on to `target`, until it swallows everything: both ends keep their
    connections and hear nothing more."""

    def __init__(self, target, host="127.0.0.1"):
        host_of_target, _, port = target.rpartition(":")
        self._target = (host_of_target, int(port))
        self._swallows = threading.Event()
        self._listener = socket.create_server((host, 0))
        self._sockets = [self._listener]
        self.address = f"{host}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow(self):
        self._swallows.set()

    def close(self):
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # whoever waits for it wakes up
            one.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._sockets.append(near)
                far = socket.create_connection(self._target)
                self._sockets.append(far)
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self._swallows.is_set():
                    sink.sendall(data)
        with contextlib.suppress(OSError):
            if not self._swallows.is_set():
                sink.shutdown(socket.SHUT_WR)


class Namespace:
    """A network namespace with one cable to this one. Root only."""

    def __init__(self, number=os.getpid() % 250):
        self.name = f"dramatis-{os.getpid()}"
        self._cable = f"dr{os.getpid()}"
        self.host = f"10.213.{number}.1"  # of our end

        def run(*arguments):
            subprocess.run([IP, *arguments], check=True)

        run("netns", "add", self.name)
        run("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("addr", "add", f"{self.host}/30", "dev", self._cable)
        run("link", "set", self._cable, "up")
        inside = ("-n", self.name)
        run(*inside, "addr", "add", f"10.213.{number}.2/30", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        run(*inside, "link", "set", "lo", "up")

    @property
    def wrapper(self):
        return (IP, "netns", "exec", self.name)

    def pull_cable(self):
        subprocess.run([IP, "link", "set", self._cable, "down"], check=True)

    def close(self):
        subprocess.run([IP, "netns", "del", self.name], check=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
