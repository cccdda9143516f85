/**
 * multipart/form-data read as a stream (RFC 7578): a part's bytes are handed on as they arrive, and nothing
 * larger than a header block or a delimiter is ever kept. (`Request.formData` keeps the whole upload in memory.)
 */
import { Code, ConnectError } from "@connectrpc/connect";

const MAX_HEADER_BYTES = 16 * 1024;

const malformed = (reason: string): ConnectError =>
  new ConnectError(`malformed multipart body: ${reason}`, Code.InvalidArgument);

export interface Part {
  /** The form field. */
  name: string;
  fileName: string | null;
  /** Must be read to its end before the next part is asked for. */
  body: AsyncIterable<Uint8Array>;
}

/** The boundary named by a Content-Type; null when the type is not multipart/form-data. */
export const boundaryOf = (contentType: string | null): string | null => {
  if (contentType === null || !/^multipart\/form-data\b/i.test(contentType.trim())) return null;
  const match = contentType.match(/;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw malformed("no boundary");
  return boundary;
};

/** Form encoding of the three characters that cannot stand in a quoted name (WHATWG, multipart encoding). */
const decodeQuoted = (text: string): string =>
  text
    .replaceAll("%22", '"')
    .replaceAll("%0D", "\r")
    .replaceAll("%0A", "\n")
    .replace(/\\(["\\])/g, "$1");

const parameter = (disposition: string, name: string): string | null => {
  const extended = disposition.match(new RegExp(`;\\s*${name}\\*=utf-8''([^;\\s]+)`, "i"))?.[1];
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended);
    } catch {
      throw malformed(`bad ${name}`);
    }
  }
  const match = disposition.match(new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, "i"));
  return match === null ? null : decodeQuoted(match[1] ?? match[2] ?? "");
};

/** Bytes of a stream with a look ahead. */
class Window {
  #bytes: Buffer = Buffer.from("\r\n");
  #ended = false;

  constructor(private readonly source: AsyncIterator<Uint8Array>) {}

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** One more chunk; throws when there is none. */
  async grow(): Promise<void> {
    if (this.#ended) throw malformed("it ends too early");
    const { done, value } = await this.source.next();
    if (done) this.#ended = true;
    else
      this.#bytes = this.#bytes.byteLength === 0 ? Buffer.from(value) : Buffer.concat([this.#bytes, value]);
  }

  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }
}

/** Bytes up to the delimiter, which is taken too. */
async function* untilDelimiter(window: Window, delimiter: Buffer): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const at = window.bytes.indexOf(delimiter);
    if (at !== -1) {
      if (at > 0) yield window.take(at);
      window.take(delimiter.byteLength);
      return;
    }
    // The end may be the beginning of a delimiter.
    const certain = window.bytes.byteLength - delimiter.byteLength + 1;
    if (certain > 0) yield window.take(certain);
    await window.grow();
  }
}

const readHeaders = async (window: Window): Promise<string> => {
  for (;;) {
    const at = window.bytes.indexOf("\r\n\r\n");
    if (at !== -1) return new TextDecoder().decode(window.take(at + 4));
    if (window.bytes.byteLength > MAX_HEADER_BYTES) throw malformed("its part headers are too large");
    await window.grow();
  }
};

const dispositionOf = (headers: string): string => {
  const line = headers.split("\r\n").find((text) => /^content-disposition\s*:/i.test(text));
  if (line === undefined) throw malformed("a part has no Content-Disposition");
  return line;
};

/** The parts in order. Throws invalid_argument for what is not a multipart body. */
export async function* readParts(
  source: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Part, void, void> {
  const window = new Window(source[Symbol.asyncIterator]());
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // Anything before the first delimiter is a preamble and means nothing.
  for await (const _ of untilDelimiter(window, delimiter)) continue;
  for (;;) {
    while (window.bytes.byteLength < 2) await window.grow();
    const after = Buffer.from(window.take(2)).toString("latin1");
    if (after === "--") return;
    if (after !== "\r\n") throw malformed("a delimiter is followed by something else");
    const disposition = dispositionOf(await readHeaders(window));
    const body = untilDelimiter(window, delimiter);
    yield { name: parameter(disposition, "name") ?? "", fileName: parameter(disposition, "filename"), body };
    // What the reader left goes by, so that the window stands at the next part.
    for await (const _ of body) continue;
  }
}
