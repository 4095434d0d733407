"""Sends content.txt, follows the answer, and says in lines of JSON what it saw."""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from recipe import Api, follow, send, stop

url, token, conversation, *stop_at = sys.argv[1:]
api = Api(url, lambda: token)
pool = ThreadPoolExecutor()
before = ""
stopping = None


def say(value):
    print(json.dumps(value), flush=True)


def show(text):
    global before, stopping
    say({"length": len(text), "goes_on": text.startswith(before)})
    before = text
    if stop_at and len(text) >= int(stop_at[0]) and stopping is None:
        stopping = pool.submit(stop, api, response)


# Pauses are said instead of made.
if os.environ.get("PAUSES"):
    time.sleep = lambda seconds: say({"pause": seconds * 1000})

with open("content.txt", encoding="utf-8", newline="") as file:
    response = send(api, conversation, file.read())
say({"response": response})
end = follow(api, response, show)
say({"end": end, "stopped": stopping.result() if stopping else None})
