/**
 * /init in one datagram each way. After a restore, emulation has to translate all code anew that the first request
 * runs; a connection, HTTP and a request object for it are more than half of that. Loss is the sender's affair:
 * a repeated attempt changes nothing.
 */
import { initialize, type InitTargets } from "./init.ts";
import type { InitAnswer } from "./protocol.ts";

const attemptIdOf = (body: unknown): string | null =>
  typeof body === "object" && body !== null && "attemptId" in body && typeof body.attemptId === "string"
    ? body.attemptId
    : null;

export interface InitDatagramOptions {
  port: number;
  /** Where /init may come from; nobody else is answered. */
  hostAddress: string;
  targets: InitTargets;
}

/** Serves until the process ends. Rejects when the port is another's. */
export const serveInitDatagrams = async ({
  port,
  hostAddress,
  targets,
}: InitDatagramOptions): Promise<void> => {
  await Bun.udpSocket({
    hostname: "0.0.0.0",
    port,
    socket: {
      data: (socket, bytes, fromPort, fromAddress) => {
        if (fromAddress !== hostAddress) return;
        let body: unknown = null;
        const outcome = initialize(() => (body = JSON.parse(bytes.toString("utf8")) as unknown), targets);
        const answer: InitAnswer = { attemptId: attemptIdOf(body), ...outcome };
        socket.send(JSON.stringify(answer), fromPort, fromAddress);
      },
    },
  });
};
