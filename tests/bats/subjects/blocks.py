# SPDX-License-Identifier: GPL-2.0-or-later
"""Threads that allocate blocks of all sizes, with whatever malloc there is:
blocks.py ROUNDS. Prints a sum that depends on ROUNDS alone."""
import sys
import threading

sums = [0] * 6


def work(me, rounds):
    for number in range(rounds):
        blocks = [bytes(50000 + number * me * 97) for _ in range(20)]
        table = {key: str(key) for key in range(2000)}
        sums[me] += len(blocks[me]) + len(table)
        blocks.append(blocks[0] * 30)


threads = [threading.Thread(target=work, args=(me, int(sys.argv[1])))
           for me in range(len(sums))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(sums))
