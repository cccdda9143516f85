/** A body without end, and how much of it was taken. */
export const endless = (begin = new Uint8Array()) => {
  const chunk = new Uint8Array(256 * 1024).fill(0x20);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(begin),
    async pull(controller) {
      sent += chunk.byteLength;
      controller.enqueue(chunk);
      await Bun.sleep(0);
    },
  });
  return { body, sentBytes: () => sent };
};
