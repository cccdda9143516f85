/** The first bytes of an output, up to a bound: what is past it is counted out, not kept. */

/** Bytes kept of each of stdout and stderr. */
export const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

export class CappedOutput {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #truncated = false;

  constructor(private readonly maxBytes = MAX_OUTPUT_BYTES) {}

  add(chunk: Uint8Array): void {
    const room = this.maxBytes - this.#bytes;
    if (chunk.byteLength > room) this.#truncated = true;
    const kept = chunk.subarray(0, room);
    if (kept.byteLength === 0) return;
    this.#chunks.push(kept);
    this.#bytes += kept.byteLength;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Where a cut may have split a character: at most its last three bytes are left out. */
const wholeCharacters = (bytes: Buffer): Buffer => {
  let end = bytes.length;
  while (end > 0 && bytes.length - end < 3 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1;
  const lead = end > 0 ? (bytes[end - 1] ?? 0) : 0;
  const width = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return bytes.length - (end - 1) < width ? bytes.subarray(0, end - 1) : bytes;
};

const decode = (output: CappedOutput): string | null => {
  const bytes = output.truncated ? wholeCharacters(output.bytes()) : output.bytes();
  try {
    // A byte order mark is output like any other.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
};

/** Both as text when both are UTF-8, else both as base64. */
export const encodeOutputs = (
  stdout: CappedOutput,
  stderr: CappedOutput,
): { stdout: string; stderr: string; encoding: "utf8" | "base64" } => {
  const [out, err] = [decode(stdout), decode(stderr)];
  if (out !== null && err !== null) return { stdout: out, stderr: err, encoding: "utf8" };
  return {
    stdout: stdout.bytes().toString("base64"),
    stderr: stderr.bytes().toString("base64"),
    encoding: "base64",
  };
};
