/** Colours code off the page's thread. */
import { highlight } from "./highlight";

addEventListener("message", ({ data }: MessageEvent<{ code: string; language: string }>) => {
  postMessage(highlight(data.code, data.language));
});
