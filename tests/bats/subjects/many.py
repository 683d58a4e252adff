# SPDX-License-Identifier: GPL-2.0-or-later
"""many.py ROUNDS: 66,000 mappings that cannot merge, as far as the kernel lets
one process have them; then ROUNDS times one goes and another comes."""
import mmap
import random
import sys

kept, refused = [], 0
for number in range(66000):
    try:
        kept.append(mmap.mmap(-1, 4096, prot=1 + (number & 1) * 2))
    except OSError:
        refused += 1
random.seed(3)
for _ in range(int(sys.argv[1])):
    try:
        kept.pop(random.randrange(len(kept))).close()
        kept.append(mmap.mmap(-1, 4096 * random.randrange(1, 5), prot=3))
    except OSError:
        refused += 1
print(len(kept) > 50000)
