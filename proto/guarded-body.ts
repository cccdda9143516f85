/**
 * Keeps what a guest answers to a Connect call within bounds. The client collects whole messages before it
 * looks at them, and root in a sandbox may put any program on the guest agent's port.
 */

/** Largest message taken from a guest: a listing of some 100,000 files. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Flags, and the length of what follows. */
const ENVELOPE_HEADER_BYTES = 5;

type Check = (chunk: Uint8Array) => void;

const tooLarge = (): Error => new Error(`the guest agent's answer is larger than ${MAX_MESSAGE_BYTES} bytes`);

/** For one message without an envelope, or an error's JSON. */
export const checkTotal = (): Check => {
  let size = 0;
  return (chunk) => {
    size += chunk.byteLength;
    if (size > MAX_MESSAGE_BYTES) throw tooLarge();
  };
};

/** For a stream of any length: no envelope may announce more. */
export const checkEnvelopes = (): Check => {
  const header = new DataView(new ArrayBuffer(ENVELOPE_HEADER_BYTES));
  let headerBytes = 0;
  let remaining = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.byteLength) {
      if (remaining > 0) {
        const taken = Math.min(remaining, chunk.byteLength - at);
        remaining -= taken;
        at += taken;
        continue;
      }
      header.setUint8(headerBytes, chunk[at] ?? 0);
      headerBytes += 1;
      at += 1;
      if (headerBytes < ENVELOPE_HEADER_BYTES) continue;
      headerBytes = 0;
      remaining = header.getUint32(1);
      if (remaining > MAX_MESSAGE_BYTES) throw tooLarge();
    }
  };
};

/** The same answer; reading its body fails where it goes beyond the bounds. */
export const guardConnectAnswer = (response: Response): Response => {
  const { body, status, statusText, headers } = response;
  if (body === null) return response;
  const isStream = status === 200 && headers.get("content-type")?.startsWith("application/connect+");
  const check = isStream ? checkEnvelopes() : checkTotal();
  const reader = body.getReader();
  const guarded = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) {
        controller.close();
        return;
      }
      try {
        check(value);
      } catch (error) {
        controller.error(error);
        reader.cancel(error).catch(() => {});
        return;
      }
      controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(guarded, { status, statusText, headers });
};
