/**
 * Keeps what a guest or a host answers to a Connect call within bounds. The client collects whole messages
 * before it looks at them, root in a sandbox may put any program on the guest agent's port, and a team's own
 * host is run by the team.
 */

export interface AnswerBounds {
  /** An answer that is one message, or an error. */
  unaryBytes: number;
  /** Each message of a stream; of those there may be any number. */
  streamedBytes: number;
}

const MIB = 1024 * 1024;

/** A listing of some 100,000 files. */
export const GUEST_ANSWER: AnswerBounds = { unaryBytes: 16 * MIB, streamedBytes: 16 * MIB };
/**
 * A list of some 10,000 sandboxes; a piece of a template several times over. What is read takes many times as
 * much memory as its bytes.
 */
export const HOST_ANSWER: AnswerBounds = { unaryBytes: 2 * MIB, streamedBytes: MIB };

/** Flags, and the length of what follows. */
const ENVELOPE_HEADER_BYTES = 5;

type Check = (chunk: Uint8Array) => void;

const tooLarge = (maxBytes: number): Error => new Error(`the answer is larger than ${maxBytes} bytes`);

/** For one message without an envelope, or an error's JSON. */
export const checkTotal = (maxBytes: number): Check => {
  let size = 0;
  return (chunk) => {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
  };
};

/** For a stream of any length: no envelope may announce more. */
export const checkEnvelopes = (maxBytes: number): Check => {
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
      if (remaining > maxBytes) throw tooLarge(maxBytes);
    }
  };
};

/** The same answer; reading its body fails where it goes beyond the bounds. */
export const guardConnectAnswer = (response: Response, bounds: AnswerBounds): Response => {
  const { body, status, statusText, headers } = response;
  if (body === null) return response;
  const isStream = status === 200 && headers.get("content-type")?.startsWith("application/connect+");
  const check = isStream ? checkEnvelopes(bounds.streamedBytes) : checkTotal(bounds.unaryBytes);
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
