# SPDX-License-Identifier: GPL-2.0-or-later
"""Python's multiprocessing: pool.py fork|spawn|forkserver ROUNDS

Processes made each way, with threads in the parent, shared memory and queues.
Prints sums that depend on nothing but its arguments."""
import mmap
import multiprocessing
import sys
import threading
from multiprocessing import shared_memory


def work(n):
    block = [bytes([n % 256]) * 200000 for _ in range(20)]
    with mmap.mmap(-1, 1 << 20) as m:
        m[n] = 7
        return sum(b[n] for b in block) + m[n]


def fill(name, place):
    memory = shared_memory.SharedMemory(name)
    memory.buf[place] = place
    memory.close()


def busy(stop, sums):
    while not stop.is_set():
        sums.append(work(3) * 0)


def main():
    method, rounds = sys.argv[1], int(sys.argv[2])
    multiprocessing.set_start_method(method)
    stop, sums = threading.Event(), []
    thread = threading.Thread(target=busy, args=(stop, sums))
    if method != "fork":
        thread.start()
    with multiprocessing.Pool(3) as pool:
        total = sum(pool.map(work, range(rounds)))
        pool.close()
        pool.join()
    memory = shared_memory.SharedMemory(create=True, size=65536)
    children = [multiprocessing.Process(target=fill, args=(memory.name, i))
                for i in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    total += sum(memory.buf[:4]) + sum(child.exitcode for child in children)
    memory.close()
    memory.unlink()
    stop.set()
    if method != "fork":
        thread.join()
    print(total, sum(sums))


if __name__ == "__main__":
    main()
