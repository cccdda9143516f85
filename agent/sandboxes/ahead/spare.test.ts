import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { newId, ZERO_UUID } from "../../../proto/ids.ts";
import { createLayout } from "../../images/layout.ts";
import { OPEN_POLICY } from "../../net/slots.ts";
import type { Host } from "../host.ts";
import { pinLayers } from "../layers-in-use.ts";
import { Sandbox } from "../sandbox.ts";
import type { Spare } from "./kinds.ts";
import { giveSpare } from "./spare.ts";

test("a spare that could not be moved leaves its layers to the sandbox, to go with it", async () => {
  // Nothing is there, so there is nothing to be moved.
  const layout = createLayout(join(tmpdir(), `wrenn-${newId()}`));
  const host = { layout, pinnedLayers: new Map<string, number>() } as Host;
  const layers = [newId(), newId()];
  const spare = { id: newId(), layers, pin: pinLayers(host, layers), live: {} } as unknown as Spare;
  const sandbox = new Sandbox(newId(), ZERO_UUID);
  await expect(giveSpare(host, { spare, sandbox, network: OPEN_POLICY })).rejects.toThrow("ENOENT");
  expect([sandbox.plannedLayers, host.pinnedLayers.size]).toEqual([layers, 0]);
});
