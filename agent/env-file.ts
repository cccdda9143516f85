/**
 * Reads `KEY=value` files (`.env`, `agent.env`). The agent runs as root, so a file that somebody else
 * could have written is refused, and only `WRENN_*` keys count.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";

import { OperatorNeeded } from "./errors.ts";

const LINE = /^(?:export\s+)?(WRENN_[A-Z0-9_]+)\s*=\s*(.*)$/;
const OTHERS_WRITE = 0o022;
const MAX_BYTES = 64 * 1024;

/** The file is not safe to read, or cannot be understood; the message names it and says what to do. */
export class EnvFileRefused extends OperatorNeeded {
  override name = "EnvFileRefused";
}

const unquote = (text: string): string => {
  const [quote] = text;
  if ((quote === '"' || quote === "'") && text.length >= 2 && text.endsWith(quote)) return text.slice(1, -1);
  // A comment needs a space before it: `#` may be part of a value.
  return text.replace(/\s+#.*$/, "");
};

/** `WRENN_*` keys of the file's text; other lines are ignored. */
export const parseEnv = (text: string): Record<string, string> => {
  const values: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const match = LINE.exec(line.trim());
    if (match !== null) values[match[1] ?? ""] = unquote((match[2] ?? "").trim());
  }
  return values;
};

/** Empty when there is no such file. Throws `EnvFileRefused`. */
export const readEnvFile = async (path: string): Promise<Record<string, string>> => {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
      throw new EnvFileRefused(`${path} cannot be read (${error.code ?? error.message})`, { cause: error });
    },
  );
  if (handle === null) return {};
  try {
    const { uid, mode, size } = await handle.stat();
    if (uid !== 0 && uid !== process.getuid?.()) {
      throw new EnvFileRefused(`${path} belongs to uid ${uid}: run \`chown root ${path}\``);
    }
    if ((mode & OTHERS_WRITE) !== 0) {
      throw new EnvFileRefused(`${path} can be written by others: run \`chmod go-w ${path}\``);
    }
    if (size > MAX_BYTES) throw new EnvFileRefused(`${path} is larger than ${MAX_BYTES} bytes`);
    return parseEnv(await handle.readFile("utf8"));
  } finally {
    await handle.close();
  }
};
