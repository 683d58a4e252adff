# SPDX-License-Identifier: GPL-2.0-or-later
"""load.py SOCKET REQUESTS PATH...: REQUESTS of each PATH from a web server on a
local socket, by 8 threads at once, each on connections of its own. A reload may
close a connection that waits for its next request: that one is made anew.
Prints how many answers of each kind there were."""
import collections
import hashlib
import http.client
import socket
import sys
import threading


class Local(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(sys.argv[1])


def fetch(connection, path):
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    kind = answer.getheader("Content-Encoding", "plain")
    return answer.status, kind, hashlib.md5(body).hexdigest()[:8]


def client(requests, paths, seen):
    connection = Local("localhost")
    for number in range(requests):
        for path in paths:
            for _ in range(20):
                try:
                    seen.append((path, *fetch(connection, path)))
                    break
                except (http.client.HTTPException, OSError):
                    connection.close()
            else:
                seen.append((path, "refused"))
        if number % 10 == 9:
            connection.close()


def main():
    requests, paths, seen = int(sys.argv[2]) // 8, sys.argv[3:], []
    threads = [threading.Thread(target=client, args=(requests, paths, seen))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for kind, count in sorted(collections.Counter(seen).items()):
        print(count, *kind)


main()
