// A network that can be cut: a relay in front of the server.
import { connect, createServer } from "node:net";

/** Relays to `url`; `cut` ends every connection and refuses new ones, `hold` swallows all bytes. */
export async function relay(url) {
  const { hostname, port } = new URL(url);
  const pairs = new Set();
  let state = "open";
  const server = createServer((client) => {
    if (state === "cut") return client.destroy();
    const upstream = connect(Number(port), hostname);
    const pair = { client, upstream, held: false };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const [from, to] of [[client, upstream], [upstream, client]]) {
      from.on("data", (bytes) => {
        if (!pair.held) to.write(bytes);
      });
      from.on("error", end);
      from.on("close", end);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut() {
      state = "cut";
      for (const { client, upstream } of pairs) {
        client.resetAndDestroy();
        upstream.destroy();
      }
    },
    /** Connections stay open and are dead, as after a laptop has slept; new ones are fine. */
    hold() {
      for (const pair of pairs) pair.held = true;
    },
    open() {
      state = "open";
    },
    close() {
      state = "cut";
      for (const { client, upstream } of pairs) {
        client.destroy();
        upstream.destroy();
      }
      server.close();
    },
  };
}
