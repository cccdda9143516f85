/**
 * A terminal over a WebSocket. It outlives its client: another socket finds it by its tag, and sees the last
 * output again. Ten minutes after its last viewer left it is hung up.
 */
import { Signal } from "../../proto/gen/process/process_pb.ts";
import { GuestProcess, type Output } from "../traffic/guest-process.ts";
import { guestOf } from "./exec.ts";
import type { PtyMessage } from "./socket-messages.ts";
import { SocketSession } from "./socket-session.ts";
import { CHANNEL } from "./socket-wire.ts";

const HANGUP_SEC = 600;

/** The user's shell where there is one to speak of. */
const SHELL = { cmd: "/bin/sh", args: ["-c", "command -v bash > /dev/null && exec bash -l; exec sh -l"] };

type Start = Extract<PtyMessage, { type: "start" }>;

export class PtySession extends SocketSession<PtyMessage> {
  protected readonly input = "pty";

  protected handleAtOnce(message: PtyMessage): boolean {
    if (message.type !== "kill") return false;
    this.process?.signal(Signal.SIGKILL).catch((error: unknown) => this.fail(error));
    return true;
  }

  protected async handle(message: PtyMessage): Promise<void> {
    switch (message.type) {
      case "start":
        return this.#start(message);
      case "connect":
        return this.#connect(message.tag, message.user ?? null);
      case "resize": {
        const { cols, rows } = message;
        // A terminal that ended meanwhile has no size.
        await this.process?.resize({ cols, rows }).catch(() => {});
      }
    }
  }

  protected async leave(process: GuestProcess): Promise<void> {
    process.detach();
  }

  protected send({ data }: Output): Promise<void> {
    return this.options.wire.bytes(CHANNEL.stdout, data);
  }

  async #start(message: Start): Promise<void> {
    const { cmd, args, envs, cols, rows, tag } = message;
    const { deps, sandboxId: id } = this.options;
    const user = message.user ?? null;
    const target = await guestOf(deps.sandboxes, await this.begin(), { id, user });
    const program = cmd === undefined ? SHELL : { cmd, args: args ?? [] };
    const named = tag ?? crypto.randomUUID();
    const process = await GuestProcess.start(deps.guests, target, {
      ...program,
      envs: { TERM: "xterm-256color", ...envs },
      cwd: message.cwd ?? null,
      stdin: true,
      tag: named,
      pty: { cols, rows, hangupSec: HANGUP_SEC },
    });
    await this.attach(process, { type: "started", tag: named, pid: process.pid });
  }

  async #connect(tag: string, user: string | null): Promise<void> {
    const { deps, sandboxId: id } = this.options;
    const target = await guestOf(deps.sandboxes, await this.begin(), { id, user });
    const process = await GuestProcess.connect(deps.guests, target, tag);
    await this.attach(process, { type: "started", tag, pid: process.pid });
  }
}
