/**
 * A command over a WebSocket: `start`, bytes both ways, `exit`. When the client goes, so does the command with
 * its whole process group.
 */
import { Signal } from "../../proto/gen/process/process_pb.ts";
import { GuestProcess, type Output } from "../traffic/guest-process.ts";
import { guestOf, killGroup, toProcess } from "./exec.ts";
import type { ExecMessage } from "./socket-messages.ts";
import { SocketSession } from "./socket-session.ts";
import { CHANNEL } from "./socket-wire.ts";

export class ExecSession extends SocketSession<ExecMessage> {
  protected readonly input = "stdin";

  protected handleAtOnce(message: ExecMessage): boolean {
    if (message.type !== "stop") return false;
    const signal = message.signal === "SIGTERM" ? Signal.SIGTERM : Signal.SIGKILL;
    this.process?.signal(signal).catch((error: unknown) => this.fail(error));
    return true;
  }

  protected async handle(message: ExecMessage): Promise<void> {
    if (message.type === "eof") {
      await this.process?.closeStdin().catch(() => {});
      return;
    }
    if (message.type !== "start") return;
    const { deps, sandboxId: id } = this.options;
    const { cmd, args = null, envs = {}, cwd = null, user = null } = message;
    const target = await guestOf(deps.sandboxes, await this.begin(), { id, user });
    const spec = { ...toProcess({ cmd, args, envs, cwd }), stdin: true };
    const process = await GuestProcess.start(deps.guests, target, spec);
    await this.attach(process, { type: "start", pid: process.pid });
  }

  protected leave(process: GuestProcess): Promise<void> {
    return killGroup(process);
  }

  protected send({ stream, data }: Output): Promise<void> {
    return this.options.wire.bytes(stream === "stderr" ? CHANNEL.stderr : CHANNEL.stdout, data);
  }
}
