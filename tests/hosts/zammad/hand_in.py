"""Hand the mail on standard input to a pretended Zammad, as a command of the host would."""

import sys

import httpx

if __name__ == "__main__":
    httpx.post(f"{sys.argv[1]}/sandbox/mail", content=sys.stdin.buffer.read(), trust_env=False).raise_for_status()
