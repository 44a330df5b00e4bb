// Builds dist/: the chat first, then the launcher, which carries the chat's name and hash.
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, process.argv[2] ?? "dist");
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

const sri = (bytes) => "sha384-" + createHash("sha384").update(bytes).digest("base64");
const short = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 10);

/** Escape other letters: a classic script is read in the host page's encoding, whatever it is. */
const ascii = (bytes) =>
  Buffer.from(
    bytes.toString("utf8").replace(/[^\x00-\x7f]/g, (letter) => {
      return "\\u" + letter.charCodeAt(0).toString(16).padStart(4, "0");
    }),
  );

/** Build one entry into one self-contained file and return its bytes. */
async function bundle(entry, format, define) {
  const [output] = [
    await build({
      root,
      configFile: false,
      logLevel: "warn",
      publicDir: false,
      define: { __VERSION__: JSON.stringify(version), ...define },
      build: {
        write: false,
        target: "es2022",
        modulePreload: false,
        minify: true,
        rollupOptions: {
          input: join(root, entry),
          preserveEntrySignatures: format === "es" ? "strict" : false,
          output: { format, codeSplitting: false, entryFileNames: "[name].js" },
        },
      },
    }),
  ].flat();
  const chunks = output.output.filter((one) => one.type === "chunk");
  if (chunks.length !== 1 || output.output.length !== 1) {
    throw new Error(`${entry} was built into ${output.output.map((one) => one.fileName)}`);
  }
  return Buffer.from(chunks[0].code, "utf8");
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

const chat = await bundle("src/chat/index.tsx", "es", {});
const chatFile = `chat-${short(chat)}.js`;
const launcher = ascii(await bundle("src/launcher/index.ts", "iife", {
  __CHAT__: JSON.stringify({ file: chatFile, integrity: sri(chat) }),
}));
const launcherFile = `preceptor-${short(launcher)}.js`;

const files = { "preceptor.js": launcher, [launcherFile]: launcher, [chatFile]: chat };
for (const [name, bytes] of Object.entries(files)) await writeFile(join(dist, name), bytes);
const integrity = {
  version,
  pinned: launcherFile,
  files: Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sri(bytes)])),
};
await writeFile(join(dist, "integrity.json"), JSON.stringify(integrity, null, 2) + "\n");
