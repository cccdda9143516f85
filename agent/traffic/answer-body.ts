/** The body of a guest's answer on its way out, and when it has ended. */

/** Bodies said to be as long as this or shorter are read whole: a stream costs more. */
const WHOLE_BYTES = 64 * 1024;

/** Whoever answers in chunks says nothing of the length, whatever else its headers say. */
export const isShort = ({ headers }: Response): boolean =>
  !headers.has("transfer-encoding") &&
  Number(headers.get("content-length") ?? Number.POSITIVE_INFINITY) <= WHOLE_BYTES;

/**
 * What has passed is garbage that the engine is slow to notice. While a file of 100 MB was read, an agent grew by 20 to
 * 62 MB, to as much as 121 above its start over several; told every 16 MB, by 19 to 26, to 48 above its start.
 */
const COLLECT_BYTES = 16 * 2 ** 20;
let passedBytes = 0;

const notePassed = (bytes: number): void => {
  passedBytes += bytes;
  if (passedBytes < COLLECT_BYTES) return;
  passedBytes = 0;
  // Beside other work, not in its stead.
  Bun.gc(false);
};

/** The whole of it; for short answers. */
export const readWhole = async (response: Response): Promise<ArrayBuffer> => {
  const whole = await response.arrayBuffer();
  notePassed(whole.byteLength);
  return whole;
};

/** Calls `onEnd` once when the body has been read, fails or is given up. */
export const observeEnd = (
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onEnd: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> => {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          onEnd();
          controller.close();
          return;
        }
        notePassed(value.byteLength);
        controller.enqueue(value);
      } catch (error) {
        onEnd();
        controller.error(error);
      }
    },
    async cancel(reason) {
      onEnd();
      await reader.cancel(reason);
    },
  });
};
