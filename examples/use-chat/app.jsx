// A chat screen with `useChat` of the AI SDK on ChatApp Backend.
import { useChat } from "@ai-sdk/react";
import { DefaultChatTransport } from "ai";
import { useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";

// The server. Let it accept this page: CHATAPP_SERVER__CORS_ORIGINS=http://127.0.0.1:5173
const server = new URLSearchParams(location.search).get("server") ?? "http://127.0.0.1:8000";

// The chat's id is made here and kept in the address, so that a reload finds the chat again.
location.hash ||= crypto.randomUUID();
const id = location.hash.slice(1);

async function login(form) {
  const reply = await fetch(`${server}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: form.get("email"), password: form.get("password") }),
  });
  const answer = await reply.json();
  if (!reply.ok) throw new Error(answer.error.message);
  return answer.access_token;
}

function Login({ onToken }) {
  const [error, setError] = useState();
  const submit = (event) => {
    event.preventDefault();
    login(new FormData(event.target)).then(onToken, (failed) => setError(failed.message));
  };
  return (
    <form onSubmit={submit}>
      <input name="email" type="email" placeholder="E-mail" required />
      <input name="password" type="password" placeholder="Password" required />
      <button>Log in</button>
      {error && <p role="alert">{error}</p>}
    </form>
  );
}

// The messages that are stored; none of a chat that has not begun.
async function load(headers) {
  const reply = await fetch(`${server}/api/chat/${encodeURIComponent(id)}`, { headers });
  return reply.ok ? (await reply.json()).messages : [];
}

function Chat({ token, messages: stored }) {
  const headers = useMemo(() => ({ authorization: `Bearer ${token}` }), [token]);
  const transport = useMemo(
    () => new DefaultChatTransport({ api: `${server}/api/chat`, headers }),
    [headers],
  );
  const { messages, sendMessage, regenerate, status, error } = useChat({
    id,
    messages: stored,
    transport,
    // Follows an answer that is being made when the page is loaded.
    resume: true,
  });
  const isBusy = status === "submitted" || status === "streaming";
  // `stop()` of the hook closes the connection only; this ends the answer.
  const stop = () =>
    fetch(`${server}/api/chat/${encodeURIComponent(id)}/stop`, { method: "POST", headers });
  const send = (event) => {
    event.preventDefault();
    const text = new FormData(event.target).get("text").trim();
    if (text) sendMessage({ text });
    event.target.reset();
  };
  return (
    <>
      {messages.map((message) => (
        <article key={message.id} data-role={message.role}>
          {message.parts.map((part, at) =>
            part.type === "text" ? <span key={at}>{part.text}</span>
            : part.type === "reasoning" ? <em key={at}>{part.text}</em>
            : part.type === "source-url" ? <a key={at} href={part.url}>{part.title} </a>
            : part.type === "file" ? <img key={at} src={part.url} alt={part.filename} width="200" />
            : null,
          )}
        </article>
      ))}
      {error && <p role="alert">{error.message}</p>}
      <form onSubmit={send}>
        <input name="text" placeholder="Message" autoComplete="off" />
        {isBusy ? <button type="button" onClick={stop}>Stop</button> : <button>Send</button>}
        {!isBusy && messages.length > 0 && (
          <button type="button" onClick={() => regenerate()}>Answer again</button>
        )}
      </form>
      <p>{status}</p>
    </>
  );
}

function App() {
  // A real app renews the token; see docs/ACCOUNTS.md.
  const [token, setToken] = useState(() => sessionStorage.getItem("token"));
  const [messages, setMessages] = useState();
  useEffect(() => {
    if (!token) return;
    sessionStorage.setItem("token", token);
    load({ authorization: `Bearer ${token}` }).then(setMessages);
  }, [token]);
  if (!token) return <Login onToken={setToken} />;
  return messages && <Chat token={token} messages={messages} />;
}

createRoot(document.getElementById("app")).render(<App />);
