"""How much of the processors what is timed has for itself.

On a virtual machine others may use the other half of a core, or its time. The guest sees that neither in its load nor as stolen
time. A loop that always takes as long shows it.
"""

import os
import struct
import time

ROUNDS = 80_000
PAUSE = 0.05


def loop():
    began, total = time.perf_counter(), 0
    for at in range(ROUNDS):
        total += at * at % 7
    return time.perf_counter() - began


class Processors:
    """Those that this process may use."""

    def __init__(self):
        # Elsewhere nobody says which there are.
        self.all = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self.least = float("inf")
        for _ in range(20 if self.all else 0):
            self.seconds()
            time.sleep(PAUSE)

    def seconds(self):
        """What the loop takes now, on all of them at once: some 5 ms each."""
        children = [self.looping(processor) for processor in self.all]
        took = []
        for processor, (read, child) in zip(self.all, children):
            said = os.read(read, 8)
            os.close(read)
            os.waitpid(child, 0)
            if len(said) != 8:
                raise SystemExit(f"no loop runs on processor {processor}")
            took.append(struct.unpack("d", said)[0])
        self.least = min([self.least, *took])
        return took

    @staticmethod
    def looping(processor):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.sched_setaffinity(0, {processor})
                os.write(write, struct.pack("d", min(loop(), loop())))
            finally:
                os._exit(0)
        os.close(write)
        return read, child
