import { expect, test } from "bun:test";

import { AgentError } from "../errors.ts";
import { type NetworkSlot, OPEN_POLICY, SlotsExhausted } from "../net/slots.ts";
import type { Host } from "./host.ts";
import { claimSlot, reserveRoom } from "./room.ts";

/** A host that is full while spares stand. */
const openLab = (error: Error) => {
  const state = { spares: 2, attempts: 0 };
  const take = async <T>(taken: T): Promise<T> => {
    state.attempts += 1;
    if (state.spares > 0) throw error;
    return taken;
  };
  const giveWay = async (): Promise<boolean> => {
    const hadSome = state.spares > 0;
    state.spares = 0;
    return hadSome;
  };
  const host = {
    spares: { giveWay },
    standbys: { giveWay: async () => false },
    slots: { claim: () => take({ index: 7 } as NetworkSlot) },
    admission: { reserve: () => take({ [Symbol.dispose]: () => {} }) },
  } as unknown as Host;
  return { host, state };
};

const wanted = { memoryMb: 512, diskSizeMb: 1 };

test("spares make way when memory is short, and when the last slots are theirs", async () => {
  const memory = openLab(new AgentError("memory_full", "no memory"));
  using _room = await reserveRoom(memory.host, wanted);
  expect(memory.state).toEqual({ spares: 0, attempts: 2 });
  const slots = openLab(new SlotsExhausted("no slot"));
  expect((await claimSlot(slots.host, OPEN_POLICY)).index).toBe(7);
  expect(slots.state).toEqual({ spares: 0, attempts: 2 });
});

test("they stay for anything else, and nothing is tried again without them", async () => {
  const { host, state } = openLab(new AgentError("disk_full", "no disk"));
  await expect(reserveRoom(host, wanted)).rejects.toThrow("no disk");
  await expect(claimSlot(host, OPEN_POLICY)).rejects.toThrow("no disk");
  expect(state).toEqual({ spares: 2, attempts: 2 });
});
