/** /init of a guest agent in one datagram each way; why so, `../guest/init/wire.ts` says. */
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { readInitAnswer } from "../guest/init/wire.ts";

/**
 * Resolves when the guest agent has done as told. Rejects when it has not, when nothing serves there or not in
 * this form, and with `signal`.
 */
export const initByDatagram = async (
  address: string,
  { attemptId, datagram }: { attemptId: string; datagram: Buffer },
  signal: AbortSignal,
): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // It may fail before it is waited for.
  promise.catch(() => {});
  const giveUp = () => reject(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  using undo = new DisposableStack();
  undo.defer(() => signal.removeEventListener("abort", giveUp));
  const socket = await Bun.udpSocket({
    connect: { hostname: address, port: GUEST_PORT },
    socket: {
      data: (_, bytes) => {
        // Nothing but the answer to this attempt can come to a socket that lives for it alone.
        const status = readInitAnswer(bytes, attemptId);
        if (status === 0) resolve();
        else
          reject(new Error(`/init by datagram failed: ${status === null ? "no answer" : `errno ${status}`}`));
      },
      error: (_, error) => reject(error),
    },
  });
  undo.defer(() => socket.close());
  if (signal.aborted) giveUp();
  if (!socket.send(datagram)) reject(new Error("the datagram was not taken"));
  return await promise;
};
