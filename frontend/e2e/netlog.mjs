// Whom a browser reached for, below everything that a page can hide: its own log of the network.
import { readFile } from "node:fs/promises";

export const netlog = (file) => [`--log-net-log=${file}`, "--net-log-capture-mode=Default"];

/** Where Chromium reports by itself, whatever page is open; a page that asks there is found all the same. */
const BROWSERS_OWN = /(^|\.)(google|googleapis|gstatic)\.com$/;

/**
 * The names that were looked up (`name example.org`) and the origins of the requests that were begun
 * (`request http://...`), each once and sorted; an address in numbers counts as a name. Web sockets,
 * beacons and what threads and service workers ask for are requests. The browser writes its log to
 * the end when it closes.
 */
export async function reached(file) {
  const { constants, events } = JSON.parse(await readFile(file, "utf8"));
  const kinds = new Map(Object.entries(constants.logEventTypes).map(([name, number]) => [number, name]));
  const found = new Set();
  const name = (host) => {
    const bare = host.replace(/^[a-z]+:\/\//, "").replace(/\.$/, "");
    if (!BROWSERS_OWN.test(bare.replace(/:\d+$/, ""))) found.add(`name ${bare}`);
  };
  for (const { type, params = {} } of events) {
    const kind = kinds.get(type) ?? "";
    if (kind.startsWith("HOST_RESOLVER_MANAGER") && params.host) name(params.host);
    if (kind === "DNS_TRANSACTION" && params.hostname) name(params.hostname);
    if (kind === "URL_REQUEST_START_JOB" && params.url) {
      const { origin, hostname } = new URL(params.url);
      const byPage = params.initiator !== "not an origin";
      if (byPage || !BROWSERS_OWN.test(hostname)) found.add(`request ${origin}`);
    }
  }
  return [...found].sort();
}

/**
 * Notes what pages of a context do that may reach for somebody without a request of their own: hints
 * to connect ahead, calls, service workers. Returns the list that grows.
 */
export async function hints(context, url) {
  const found = [];
  await context.exposeFunction("noteHint", (text) => void found.push(text));
  await context.addInitScript((own) => {
    const look = (link) => {
      if (link.href && new URL(link.href).origin !== own) window.noteHint(`link ${link.rel} ${link.href}`);
    };
    new MutationObserver((changes) => {
      for (const { target, addedNodes } of changes) {
        for (const node of [target, ...addedNodes]) {
          if (node.tagName === "LINK") look(node);
          for (const link of node.querySelectorAll?.("link") ?? []) look(link);
        }
      }
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["href", "rel"] });
    for (const name of ["RTCPeerConnection", "WebTransport"]) {
      const original = window[name];
      if (!original) continue;
      window[name] = new Proxy(original, {
        construct(target, given) {
          window.noteHint(name);
          return Reflect.construct(target, given);
        },
      });
    }
    const { serviceWorker } = navigator;
    const register = serviceWorker?.register;
    if (register) {
      serviceWorker.register = function (...given) {
        window.noteHint(`service worker ${given[0]}`);
        return register.apply(this, given);
      };
    }
  }, new URL(url).origin);
  return found;
}
