import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";

import { defineConfig, type Plugin } from "vite";

/** Where `npm run dev` finds the server. */
const server = process.env.CHATAPP_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [svelte(), modernFonts(), identity(), compressed()],
  build: {
    target: ["chrome123", "firefox128", "safari18"],
    // The content security policy allows no `data:` fonts or scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ["/api", "/health", "/docs", "/openapi.json"].map((path) => [path, { target: server }]),
    ),
  },
});

/** Leaves out the font formats that only browsers need for which this client is not built. */
function modernFonts(): Plugin {
  return {
    name: "modern-fonts",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith("/katex.min.css")) return undefined;
      return code.replace(/,url\([^)]+\.(?:woff|ttf)\) format\("[a-z]+"\)/g, "");
    },
  };
}

/**
 * Names the build in its page. The server repeats the name with every answer of the API, so that a
 * page that is older than the server can say so.
 */
function identity(): Plugin {
  return {
    name: "identity",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        // The names of chunks contain the hashes of their contents.
        const names = Object.keys(bundle ?? {}).sort().join("\n");
        const content = createHash("sha256").update(names).digest("hex").slice(0, 12);
        return [{ tag: "meta", attrs: { name: "build", content }, injectTo: "head" }];
      },
    },
  };
}

/** Adds a `.gz` beside every text that is worth it. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          if (!/\.(html|js|css|svg|json|webmanifest)$/.test(file.fileName)) continue;
          const text = file.type === "chunk" ? file.code : file.source;
          const source = gzipSync(text, { level: 9 });
          if (source.length < text.length) {
            this.emitFile({ type: "asset", fileName: `${file.fileName}.gz`, source });
          }
        }
      },
    },
  };
}
