/** Which screen the address asks for. */

export type Route =
  | { screen: "login" | "signup" | "reset" | "new" | "missing" }
  | { screen: "conversation"; id: string }
  | { screen: "settings"; section: string };

/** Pages of the server that are not ours. */
const SERVERS = ["/docs", "/openapi.json", "/health", "/api", "/v1"];

export function parse(path: string): Route {
  const [first = "", second, ...more] = path.split("/").filter((part) => part !== "");
  if (more.length > 0) return { screen: "missing" };
  if (second === undefined) {
    if (first === "") return { screen: "new" };
    if (first === "login" || first === "signup" || first === "reset") return { screen: first };
    if (first === "settings") return { screen: "settings", section: "general" };
  } else if (first === "c" && /^conv_[0-9a-f]{32}$/.test(second)) {
    return { screen: "conversation", id: second };
  } else if (first === "settings" && /^[a-z]+$/.test(second)) {
    return { screen: "settings", section: second };
  }
  return { screen: "missing" };
}

type By = "loading" | "pointer" | "keyboard" | "sending";

class Router {
  path = $state(typeof location === "undefined" ? "/" : location.pathname);
  route = $derived(parse(this.path));
  /** How the person came here; decides where the focus goes. */
  by: By = "loading";

  constructor() {
    if (typeof window === "undefined") return;
    addEventListener("popstate", () => {
      this.by = "keyboard";
      this.path = location.pathname;
    });
    // A link with a code that is opened where its page is shown already changes the fragment only.
    addEventListener("hashchange", () => {
      if (/^#(setup|invite|token)=/.test(location.hash)) location.reload();
    });
    document.addEventListener("click", (event) => this.#click(event));
  }

  go(path: string, { replace = false, by = "keyboard" as By } = {}): void {
    if (path === location.pathname) return;
    this.by = by;
    if (replace) history.replaceState(null, "", path);
    else history.pushState(null, "", path);
    this.path = location.pathname;
  }

  /** Links within the client change the screen without loading the page again. */
  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || link.hash) return;
    if (SERVERS.some((path) => link.pathname === path || link.pathname.startsWith(`${path}/`))) return;
    event.preventDefault();
    // A click that was made with the keyboard has no count.
    this.go(link.pathname, { by: event.detail > 0 ? "pointer" : "keyboard" });
  }
}

export const router = new Router();
