/** The guest agent of a running sandbox, asked straight: no server, no agent in between. */
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

import { Process } from "../../proto/gen/process/process_pb.ts";
import { guestUrl } from "./guest-address.ts";
import type { WrennSandbox } from "./wrenn/sandbox.ts";
import { writeAndReadFile } from "./write-and-read.ts";

const TIMEOUT_MS = 30_000;

export interface DirectGuest {
  /** Resolves when the command has ended well. */
  exec(cmd: string, ...args: string[]): Promise<void>;
  /** Resolves when the file is written, read again and the same. */
  writeAndRead(path: string, content: string): Promise<void>;
}

/** Its connection is kept open between calls, as the agent's is. */
export const connectDirectly = async (sandbox: WrennSandbox, instanceId: string): Promise<DirectGuest> => {
  const { slotIndex, accessToken } = await sandbox.journal();
  const baseUrl = await guestUrl(slotIndex, instanceId);
  const client = createClient(Process, createConnectTransport({ baseUrl, useBinaryFormat: true }));
  const headers = { authorization: `Basic ${btoa("user:")}`, "x-access-token": accessToken };
  return {
    exec: async (cmd, ...args) => {
      const events = client.start(
        { process: { cmd, args }, stdin: false },
        { headers, timeoutMs: TIMEOUT_MS },
      );
      let status = "the stream ended early";
      for await (const { event } of events) {
        if (event?.event.case === "end") status = event.event.value.status;
      }
      if (status !== "exit status 0") throw new Error(`${cmd} asked directly: ${status}`);
    },
    writeAndRead: (path, content) =>
      writeAndReadFile(`${baseUrl}/files?${new URLSearchParams({ path })}`, {
        method: "POST",
        headers,
        content,
      }),
  };
};
