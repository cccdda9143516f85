/** Reads the small answers of programs in a sandbox, which may answer anything, for ever, or never. */

export interface BodyLimits {
  maxBytes: number;
  timeoutMs: number;
}

/** What fits a sentence, a list of ports or a few numbers with room to spare. */
export const SMALL_ANSWER: BodyLimits = { maxBytes: 64 * 1024, timeoutMs: 5_000 };

/** The whole body. Throws when it is larger or later than `limits`; the rest of it is given up then. */
export const readBounded = async (
  { body }: Pick<Response, "body">,
  { maxBytes, timeoutMs }: BodyLimits,
): Promise<Uint8Array> => {
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`the answer did not end within ${timeoutMs} ms`)),
    timeoutMs,
  );
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) return Buffer.concat(parts, size);
      size += value.byteLength;
      if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
      parts.push(value);
    }
  } catch (error) {
    // Nobody waits for it: what the other side does about it changes nothing.
    reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

/** The body as JSON; throws where `readBounded` does, and a SyntaxError. */
export const readBoundedJson = async (
  response: Pick<Response, "body">,
  limits = SMALL_ANSWER,
): Promise<unknown> => JSON.parse(new TextDecoder().decode(await readBounded(response, limits)));
