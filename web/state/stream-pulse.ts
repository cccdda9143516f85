/** Notices a stream that fell silent: a connection that died without a word would be waited on for ever. */

type Bytes = Uint8Array<ArrayBuffer>;

/** The same bytes. `onSilence` is called when none came for so long. */
export const passAlong = (
  body: ReadableStream<Bytes>,
  { silenceMs, onSilence }: { silenceMs: number; onSilence: () => void },
): ReadableStream<Bytes> => {
  let timer = setTimeout(onSilence, silenceMs);
  return body.pipeThrough(
    new TransformStream<Bytes, Bytes>({
      transform: (bytes, controller) => {
        clearTimeout(timer);
        timer = setTimeout(onSilence, silenceMs);
        controller.enqueue(bytes);
      },
      flush: () => clearTimeout(timer),
    }),
  );
};
