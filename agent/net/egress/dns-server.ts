/**
 * The resolver of a sandbox with an allow-list: it knows the names on the list and no others, and of them
 * the addresses alone. Other records are of no use where only HTTP and TLS get out, and could carry data.
 */
import { GATEWAY_ADDRESS } from "../../system/guest-network.ts";
import {
  type Answer,
  type BadQuestion,
  type Question,
  readQuestion,
  TYPE_A,
  writeAnswer,
} from "./dns-message.ts";
import type { DomainResolver } from "./domain-resolver.ts";

export const DNS_PORT = 53;
/** Questions being answered at once; more are dropped, as a busy resolver does, and asked again. */
const MAX_QUESTIONS = 64;

export interface DnsServerOptions {
  resolver: DomainResolver;
  isAllowed: (name: string) => boolean;
}

const findAnswer = async (
  question: Question | BadQuestion,
  { resolver, isAllowed }: DnsServerOptions,
): Promise<Answer> => {
  if ("rcode" in question) return { rcode: question.rcode };
  const { name, type } = question;
  if (name === null || !isAllowed(name)) return { rcode: "noSuchName" };
  if (type !== TYPE_A) return { rcode: "ok" };
  const { addresses, failure, ttlSec } = await resolver.resolve(name);
  if (failure !== undefined) return { rcode: failure === "no_such_name" ? "noSuchName" : "failed" };
  return { rcode: "ok", addresses, ttlSec };
};

/** An answer that cannot be sent just now is lost, as datagrams may be: the guest asks again. */
const send = (socket: Bun.udp.Socket<"buffer">, answer: Buffer, port: number, address: string): void => {
  try {
    if (!socket.closed) socket.send(answer, port, address);
  } catch {
    // the rules have changed meanwhile
  }
};

/** Listens at the gateway. To be called in the slot's namespace; the socket is there when this returns. */
export const serveDns = (options: DnsServerOptions): Promise<{ close(): void }> => {
  let underWay = 0;
  return Bun.udpSocket({
    hostname: GATEWAY_ADDRESS,
    port: DNS_PORT,
    socket: {
      data: (socket, message, port, address) => {
        const question = underWay < MAX_QUESTIONS ? readQuestion(message) : null;
        if (question === null) return;
        underWay += 1;
        void findAnswer(question, options).then((answer) => {
          underWay -= 1;
          send(socket, writeAnswer(question, answer), port, address);
        });
      },
      // Of a guest that did not wait for its answer.
      error: () => undefined,
    },
  });
};
