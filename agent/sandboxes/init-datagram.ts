/** /init of a guest agent in one datagram each way; why so, `../guest/init-datagrams.ts` says. */
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { type InitAnswer, type InitRequest, MAX_INIT_DATAGRAM_BYTES } from "../guest/protocol.ts";

/** Any program may answer there: what is not an answer to this attempt is passed over. */
const readAnswer = (text: string, attemptId: string): InitAnswer | null => {
  try {
    const answer = JSON.parse(text) as Partial<InitAnswer> | null;
    if (answer?.attemptId !== attemptId) return null;
    return { attemptId, status: Number(answer.status), message: String(answer.message) };
  } catch {
    return null;
  }
};

/** Whether the body can go as a datagram; else it goes over HTTP. */
export const fitsDatagram = (body: string): boolean => Buffer.byteLength(body) <= MAX_INIT_DATAGRAM_BYTES;

/** The guest agent's answer. Rejects when nothing serves there, and with `signal`. */
export const askByDatagram = async (
  address: string,
  { attemptId, body }: { attemptId: NonNullable<InitRequest["attemptId"]>; body: string },
  signal: AbortSignal,
): Promise<InitAnswer> => {
  const { promise, resolve, reject } = Promise.withResolvers<InitAnswer>();
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
        const answer = readAnswer(bytes.toString("utf8"), attemptId);
        if (answer !== null) resolve(answer);
      },
      error: (_, error) => reject(error),
    },
  });
  undo.defer(() => socket.close());
  if (signal.aborted) giveUp();
  if (!socket.send(body)) reject(new Error("the datagram was not taken"));
  return await promise;
};
