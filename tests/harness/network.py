"""Networks that break: a gate that swallows what it should pass on, and a network namespace whose
cable is pulled."""

import contextlib
import os
import socket
import subprocess
import threading

IP = "/usr/sbin/ip"


class Gate:
    """Passes TCP connections on to `target`, until it swallows everything: both ends keep their
    connections and hear nothing more. Or until it is cut: connections end, and new ones at once,
    until it is mended."""

    def __init__(self, target, host="127.0.0.1"):
        host_of_target, _, port = target.rpartition(":")
        self._target = (host_of_target, int(port))
        self._swallows = threading.Event()
        self._swallows_answers = threading.Event()
        self._is_cut = threading.Event()
        self._listener = socket.create_server((host, 0))
        self._sockets = [self._listener]
        self.address = f"{host}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow(self):
        self._swallows.set()

    def swallow_answers(self):
        """What the target says from now on is lost, on connections of before and after."""
        self._swallows_answers.set()

    def cut(self):
        self._is_cut.set()
        self._end(self._sockets[1:])

    def mend(self):
        self._swallows_answers.clear()
        self._is_cut.clear()

    def close(self):
        self._end(self._sockets)

    @staticmethod
    def _end(sockets):
        for one in list(sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # whoever waits for it wakes up
            one.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self._is_cut.is_set():
                    near.close()
                    continue
                self._sockets.append(near)
                far = socket.create_connection(self._target)
                self._sockets.append(far)
                for source, sink, is_answer in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._pass_on, args=(source, sink, is_answer),
                                     daemon=True).start()

    def _pass_on(self, source, sink, is_answer):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                lost = self._swallows.is_set() or is_answer and self._swallows_answers.is_set()
                if not lost:
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
        # The kernel takes away a deleted namespace's end of the cable when it comes to it; until
        # then no other cable may have its name.
        subprocess.run([IP, "link", "del", self._cable], check=False)
        subprocess.run([IP, "netns", "del", self.name], check=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
