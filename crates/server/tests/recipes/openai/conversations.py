"""The official SDK on `/v1/conversations`, and the session of its agents: run by a test."""

import asyncio
import sys

from agents.memory import OpenAIConversationsSession
from openai import AsyncOpenAI, BadRequestError, NotFoundError, OpenAI

base, key = sys.argv[1:3]


def said(text, role="user"):
    return {"type": "message", "role": role, "content": text}


def sync(client):
    conversation = client.conversations.create(
        metadata={"topic": "sky"}, items=[said("number 0")], extra_body={"title": "Plans"}
    )
    assert conversation.id.startswith("conv_"), conversation
    assert conversation.object == "conversation" and conversation.created_at > 0, conversation
    assert conversation.metadata == {"topic": "sky"} and conversation.title == "Plans"

    items = client.conversations.items
    for first in range(1, 41, 20):
        created = items.create(
            conversation.id, items=[said(f"number {n}") for n in range(first, first + 20)]
        )
        assert len(created.data) == 20 and not created.has_more, created
    up = list(items.list(conversation.id, order="asc", limit=7))
    assert [item.content[0].text for item in up] == [f"number {n}" for n in range(41)]
    down = list(items.list(conversation.id, limit=7))
    assert [item.id for item in down] == [item.id for item in reversed(up)], "both ways"
    first = items.list(conversation.id)
    assert len(first.data) == 20 and first.has_more and first.last_id == first.data[-1].id
    rest = list(items.list(conversation.id, order="asc", after=up[29].id))
    assert [item.id for item in rest] == [item.id for item in up[30:]]

    one = items.retrieve(up[3].id, conversation_id=conversation.id, include=["reasoning.encrypted_content"])
    assert one == up[3] and one.status == "completed" and one.role == "user", one
    left = items.delete(up[3].id, conversation_id=conversation.id)
    assert left.id == conversation.id and left.object == "conversation", left
    try:
        items.retrieve(up[3].id, conversation_id=conversation.id)
        raise AssertionError("it was deleted")
    except NotFoundError as error:
        assert error.code == "not_found" and error.request_id, error
    gaps = [item.id for item in items.list(conversation.id, order="asc", limit=5)]
    assert gaps == [item.id for item in up if item != up[3]]

    try:
        items.create(conversation.id, items=[said("ok"), {"type": "message", "content": "x"}])
        raise AssertionError("it has no role")
    except BadRequestError as error:
        assert error.param == "items[1].role", error.body
    changed = client.conversations.update(conversation.id, metadata={"a": "b"})
    assert changed.metadata == {"a": "b"} and changed.title == "Plans"
    assert client.conversations.retrieve(conversation.id) == changed
    gone = client.conversations.delete(conversation.id)
    assert gone.deleted and gone.object == "conversation.deleted", gone
    try:
        client.conversations.retrieve(conversation.id)
        raise AssertionError("it was deleted")
    except NotFoundError as error:
        assert error.status_code == 404, error
    empty = client.conversations.create()
    assert list(items.list(empty.id)) == [], "an empty page ends the pager"


async def session(client):
    session = OpenAIConversationsSession(openai_client=client)
    history = [said(f"number {n}") for n in range(45)]
    history += [
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm"}]},
        {
            "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "get_weather",
            "arguments": '{"city": "Lisbon"}', "status": "completed",
        },
        {"type": "function_call_output", "call_id": "call_1", "output": "22"},
        {
            "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": "22 degrees.", "annotations": []}],
        },
    ]
    await session.add_items(history)
    stored = await session.get_items()
    assert len(stored) == 49, len(stored)
    assert [item["type"] for item in stored[45:]] == [
        "reasoning", "function_call", "function_call_output", "message",
    ], stored[45:]
    newest = await session.get_items(limit=3)
    assert newest == stored[-3:], newest
    # What it gave back is taken again as it is, ids and all, in the same session and in another.
    await session.add_items(stored[-4:])
    again = OpenAIConversationsSession(openai_client=client)
    await again.add_items(stored[-20:])
    copies = await again.get_items()
    without_id = lambda items: [{k: v for k, v in item.items() if k != "id"} for item in items]
    assert without_id(copies) == without_id(stored[-20:])
    assert not {item["id"] for item in copies} & {item["id"] for item in stored}
    popped = await session.pop_item()
    assert popped["type"] == "message", popped
    assert len(await session.get_items()) == 52
    await session.clear_session()


with OpenAI(base_url=base, api_key=key) as client:
    sync(client)


async def main():
    async with AsyncOpenAI(base_url=base, api_key=key) as client:
        await session(client)


asyncio.run(main())
print("done")
