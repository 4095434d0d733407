/** Reads server-sent events (HTML standard, section 9.2.6) from chunks cut anywhere. */

export interface Frame {
  id?: string;
  data: string;
  retry?: number;
}

export class SseReader {
  #decoder = new TextDecoder();
  /** The line that has no end yet, in the pieces in which it came: each is looked through once. */
  #rest: string[] = [];
  /** The last character was a CR, which may be half of a CRLF. */
  #held = false;
  #frame: Frame & { lines: number } = { data: "", lines: 0 };

  /** The frames that these bytes complete. */
  *push(bytes: Uint8Array): Generator<Frame> {
    let text = (this.#held ? "\r" : "") + this.#decoder.decode(bytes, { stream: true });
    this.#held = text.endsWith("\r");
    if (this.#held) text = text.slice(0, -1);
    const lines = text.split(/\r\n|\n|\r/);
    const last = lines.pop()!;
    if (lines.length > 0) {
      lines[0] = this.#rest.join("") + lines[0]!;
      this.#rest = [];
    }
    this.#rest.push(last);
    for (const line of lines) {
      if (line !== "") {
        this.#field(line);
        continue;
      }
      const { lines: count, ...frame } = this.#frame;
      this.#frame = { data: "", lines: 0 };
      if (count > 0 || frame.retry !== undefined) yield frame;
    }
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return; // A comment, which only says that the server is alive.
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") {
      this.#frame.data += (this.#frame.lines > 0 ? "\n" : "") + value;
      this.#frame.lines += 1;
    } else if (name === "id" && !value.includes("\0")) {
      this.#frame.id = value;
    } else if (name === "retry" && /^\d+$/.test(value)) {
      this.#frame.retry = Number(value);
    }
  }
}
