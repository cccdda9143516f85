/** A process that holds a slot as an agent does, and can be killed as one. */
import { HostSlotPool } from "../../agent/net/slot-pool.ts";
import type { NetworkPolicy, NetworkSlot } from "../../agent/net/slots.ts";

interface Kept {
  instanceId: string;
  resolver: string;
  policy: NetworkPolicy;
}

export class SlotKeeper implements AsyncDisposable {
  private constructor(
    readonly slot: NetworkSlot,
    readonly child: Bun.Subprocess,
  ) {}

  static async start(kept: Kept): Promise<SlotKeeper> {
    const child = Bun.spawn([process.execPath, import.meta.path, JSON.stringify(kept)], {
      stdout: "pipe",
      stderr: "inherit",
    });
    for await (const bytes of child.stdout) {
      return new SlotKeeper(JSON.parse(Buffer.from(bytes).toString()), child);
    }
    throw new Error("the keeper ended before it had a slot");
  }

  /** Nothing of it gets to clean up. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

if (import.meta.main) {
  // written by the test alone
  const { policy, ...options }: Kept = JSON.parse(process.argv[2] ?? "");
  const pool = await HostSlotPool.open({
    ...options,
    egressAllow: [],
    spareSlots: 0,
    maxSlots: 2,
    onBackgroundError: (error) => console.error(error),
  });
  console.log(JSON.stringify(await pool.claim(policy)));
  await new Promise(() => undefined);
}
