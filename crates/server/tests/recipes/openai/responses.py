"""Drives the official OpenAI client through everything that a program does with it.

`python responses.py URL KEY` prints `ok NAME` after each step; `python responses.py URL KEY ID AFTER` is the
second program, which goes on reading a stream that the first one began.
"""

import json
import subprocess
import sys

import openai
from openai import OpenAI
from pydantic import BaseModel

url, key = sys.argv[1:3]
client = OpenAI(base_url=f"{url}/v1", api_key=key, timeout=60)


def ok(name):
    print("ok", name, flush=True)


def read_on(response_id, after):
    """What a second program reads behind the event `after`, and how it ends."""
    events = client.responses.retrieve(response_id, stream=True, starting_after=after)
    numbers, text, end = [], "", None
    for event in events:
        numbers.append(event.sequence_number)
        if event.type == "response.output_text.delta":
            text += event.delta
        end = event
    assert numbers[0] == after + 1 and numbers == sorted(numbers), numbers
    print(json.dumps({"text": text, "end": end.type, "whole": end.response.output_text}))


def create():
    response = client.responses.create(model="mock:echo", input="Hello", instructions="Be brief.")
    assert response.output_text == "Hello" and response.status == "completed"
    assert response.usage.total_tokens > 0 and response._request_id.startswith("req_")
    next_one = client.responses.create(
        model="mock:echo", input="Again", previous_response_id=response.id, extra_body={"new": 1}
    )
    assert next_one.previous_response_id == response.id
    items = list(client.responses.input_items.list(next_one.id, limit=1, include=[]))
    assert [item.content[0].text for item in items] == ["Again", "Hello", "Hello"], items
    counted = client.responses.input_tokens.count(model="mock:echo", input="Hello")
    assert counted.input_tokens > 0
    assert client.responses.retrieve(response.id).output_text == "Hello"


def stream():
    events = list(client.responses.create(model="mock:ticks=3", input="Go", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].type == "response.created" and events[-1].type == "response.completed"
    with client.responses.stream(model="mock:reasoning=2,ticks=3", input="Go") as helper:
        seen = [event.type for event in helper]
        final = helper.get_final_response()
    assert "response.reasoning_summary_text.delta" in seen, seen
    assert final.output_text == "tick 0 \ntick 1 \ntick 2 \n", final.output_text


def resume():
    events = client.responses.create(model="mock:ticks=20,delay=20ms", input="Go", stream=True)
    text, response_id, last = "", None, None
    for event in events:
        if event.type == "response.created":
            response_id = event.response.id
        if event.type == "response.output_text.delta":
            text += event.delta
            last = event.sequence_number
            if text.count("\n") == 3:
                break
    events.close()
    command = [sys.executable, __file__, url, key, response_id, str(last)]
    rest = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert rest["end"] == "response.completed", rest
    assert text + rest["text"] == rest["whole"], (text, rest)
    with client.responses.stream(response_id=response_id, starting_after=last) as helper:
        for _ in helper:
            pass
        assert helper.get_final_response().output_text == rest["whole"]


def cancel():
    body = {"model": "mock:ticks=9,fault=stall@3", "input": "Go"}
    response = client.responses.create(background=True, **body)
    assert response.status == "queued", response.status
    stopped = client.responses.cancel(response.id)
    assert stopped.status == "cancelled", stopped.status
    assert client.responses.cancel(response.id).status == "cancelled"
    client.responses.delete(response.id)
    try:
        client.responses.retrieve(response.id)
        raise AssertionError("a deleted response is shown")
    except openai.NotFoundError as error:
        assert error.code == "not_found", error.code


def tool_loop():
    tools = [
        {
            "type": "function",
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
            "strict": False,
        }
    ]
    first = client.responses.create(model="mock:calls=2,ticks=0", input="The weather?", tools=tools)
    calls = [item for item in first.output if item.type == "function_call"]
    assert len(calls) == 2 and json.loads(calls[0].arguments)["city"] == "Lisbon", calls
    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny"}
        for call in calls
    ]
    second = client.responses.create(
        model="mock:ticks=1", input=results, previous_response_id=first.id, tools=tools
    )
    assert second.status == "completed" and second.output_text == "tick 0 \n", second
    # A program that keeps the history itself sends back what it got.
    history = [{"role": "user", "content": "The weather?"}, *first.output, *results]
    third = client.responses.create(model="mock:ticks=1", input=history, store=False, tools=tools)
    assert third.status == "completed" and third.store is False


def structured():
    class Place(BaseModel):
        city: str
        days: int

    said = '{"city": "Lisbon", "days": 3}'
    parsed = client.responses.parse(model="mock:echo", input=said, text_format=Place)
    assert parsed.output_parsed == Place(city="Lisbon", days=3), parsed.output_parsed
    assert parsed.text.format.type == "json_schema"


def errors():
    def raises(kind, call, **expected):
        try:
            call()
        except kind as error:
            for name, value in expected.items():
                assert getattr(error, name) == value, (name, getattr(error, name), error)
            return
        raise AssertionError(f"no {kind}")

    body = {"model": "mock:echo", "input": "Go"}
    create = client.responses.create
    raises(openai.BadRequestError, lambda: create(model="m", input=[]), param="input")
    raises(
        openai.BadRequestError,
        lambda: create(**body, tools=[{"type": "web_search"}]),
        code="unsupported_parameter",
        param="tools[0].type",
    )
    raises(
        openai.BadRequestError,
        lambda: create(**body, previous_response_id="resp_" + "0" * 32),
        code="previous_response_not_found",
    )
    stranger = OpenAI(base_url=f"{url}/v1", api_key="sk-wrong")
    raises(openai.AuthenticationError, stranger.models.list, code="invalid_api_key")
    raises(openai.NotFoundError, lambda: client.models.retrieve("none"), code="model_not_found")
    running = create(model="mock:ticks=9,fault=stall@3", input="Go", background=True)
    # Told at once: the client would repeat a 409 by itself.
    raises(
        openai.BadRequestError,
        lambda: create(**body, previous_response_id=running.id),
        code="conversation_locked",
        param="conversation",
    )
    client.responses.cancel(running.id)


def models():
    names = [model.id for model in client.models.list()]
    assert names and client.models.retrieve(names[0]).id == names[0], names


if len(sys.argv) > 3:
    read_on(sys.argv[3], int(sys.argv[4]))
else:
    for step in [create, stream, resume, cancel, tool_loop, structured, errors, models]:
        step()
        ok(step.__name__)
