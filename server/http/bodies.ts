/** Reads JSON bodies, with a bound, and says which routes read theirs as a stream instead. */
import { ApiError, invalidRequest, payloadTooLarge } from "../errors.ts";

/** Method and pattern. Named here because the framework offers every body to this parser first. */
const STREAMED: ReadonlySet<string> = new Set(["PUT /v1/sandboxes/:id/files"]);

/** True for a route whose handler reads the body itself, unbounded. */
export const isStreamed = (method: string, route: string): boolean => STREAMED.has(`${method} ${route}`);

export const MAX_JSON_BYTES = 1024 * 1024;

const readText = async (request: Request): Promise<string> => {
  const length = request.headers.get("content-length");
  if (length !== null) {
    if (Number(length) > MAX_JSON_BYTES) throw payloadTooLarge(MAX_JSON_BYTES);
    return request.text();
  }
  // No length told (chunked): count while reading.
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of request.body ?? []) {
    total += chunk.byteLength;
    if (total > MAX_JSON_BYTES) throw payloadTooLarge(MAX_JSON_BYTES);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

/** The parsed body; undefined when there is none. Throws 400, 413 or 415. */
export const readJsonBody = async (request: Request, contentType: string): Promise<unknown> => {
  const text = await readText(request);
  if (text === "") return undefined;
  if (!/^application\/(?:[a-z0-9.+-]+\+)?json$/i.test(contentType)) {
    throw new ApiError(415, "unsupported_media_type", "Send the body as application/json.");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw invalidRequest("body", "json", "The body is not valid JSON.");
  }
};
